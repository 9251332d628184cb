namespace Dlc.Peers;

/// <summary>A prepared run of an engine that has nothing to prepare.</summary>
public sealed class FunctionRun(Func<IReadOnlyList<Value>> run) : IPreparedRun
{
    private IReadOnlyList<Value> _outputs = [];

    /// <inheritdoc/>
    public void Run() => _outputs = run();

    /// <inheritdoc/>
    public IReadOnlyList<Value> ReadOutputs() => _outputs;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
