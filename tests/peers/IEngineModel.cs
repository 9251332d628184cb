namespace Dlc.Peers;

/// <summary>A loaded model.</summary>
public interface IEngineModel : IDisposable
{
    /// <summary>The names of the inputs that have to be given, in the model's order.</summary>
    IReadOnlyList<string> Inputs { get; }

    /// <summary>The names of the outputs, in the model's order.</summary>
    IReadOnlyList<string> Outputs { get; }

    /// <summary>Runs once: all outputs, in the model's order.</summary>
    /// <exception cref="UnsupportedModelException">The engine lacks something that these inputs need.</exception>
    IReadOnlyList<Value> Run(IReadOnlyList<KeyValuePair<string, Value>> inputs);
}
