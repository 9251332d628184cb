namespace Dlc.Peers;

/// <summary>A model with its inputs in place, so that a run can be timed without copies.</summary>
public interface IPreparedRun : IDisposable
{
    /// <summary>Runs once.</summary>
    /// <exception cref="UnsupportedModelException">The engine lacks something that these inputs need.</exception>
    void Run();

    /// <summary>Copies of the last run's outputs, in the model's order.</summary>
    IReadOnlyList<Value> ReadOutputs();
}
