using System.Collections;

namespace Dlc.Runtime;

/// <summary>The outputs of a run in the model's order.</summary>
public sealed class RunResult : IReadOnlyList<OutputTensor>
{
    private readonly OutputTensor[] _outputs;

    internal RunResult(OutputTensor[] outputs) => _outputs = outputs;

    public int Count => _outputs.Length;

    public OutputTensor this[int index] => _outputs[index];

    /// <summary>The output of an ONNX name.</summary>
    /// <exception cref="DlcRuntimeException">UnknownName.</exception>
    public OutputTensor this[string name] => Array.Find(_outputs, o => o.Info.Name == name) ?? throw new DlcRuntimeException(
        RuntimeErrors.UnknownName, "the model has no such output", string.Join(", ", _outputs.Select(o => $"'{o.Info.Name}'")), $"'{name}'");

    public IEnumerator<OutputTensor> GetEnumerator() => ((IEnumerable<OutputTensor>)_outputs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
