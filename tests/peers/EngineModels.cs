namespace Dlc.Peers;

/// <summary>What every engine's models can do.</summary>
public static class EngineModels
{
    /// <summary>Runs once: all outputs, in the model's order.</summary>
    /// <exception cref="UnsupportedModelException">The engine lacks something that these inputs need.</exception>
    public static IReadOnlyList<Value> Run(this IEngineModel model, IReadOnlyList<KeyValuePair<string, Value>> inputs)
    {
        using var run = model.Prepare(inputs);
        run.Run();
        return run.ReadOutputs();
    }
}
