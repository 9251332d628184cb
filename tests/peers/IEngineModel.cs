namespace Dlc.Peers;

/// <summary>A loaded model.</summary>
public interface IEngineModel : IDisposable
{
    /// <summary>The names of the inputs that have to be given, in the model's order.</summary>
    IReadOnlyList<string> Inputs { get; }

    /// <summary>The names of the outputs, in the model's order.</summary>
    IReadOnlyList<string> Outputs { get; }

    /// <summary>Hands inputs over once, to run them once or often.</summary>
    /// <exception cref="UnsupportedModelException">The engine lacks something that these inputs need.</exception>
    IPreparedRun Prepare(IReadOnlyList<KeyValuePair<string, Value>> inputs);
}
