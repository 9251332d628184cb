using System.Runtime.InteropServices;
using static Dlc.Peers.OnnxRuntime.OrtApi;

namespace Dlc.Peers.OnnxRuntime;

/// <summary>Inputs held in ONNX Runtime's own memory, so that a run can be timed without copies.</summary>
public sealed unsafe class OrtCall : IDisposable
{
    private readonly OrtSession _session;
    private readonly List<nint> _inputNames = [];
    private readonly List<nint> _outputNames = [];
    private readonly List<nint> _inputs = [];
    private readonly nint[] _outputs;

    internal OrtCall(OrtSession session, IEnumerable<KeyValuePair<string, Value>> inputs)
    {
        _session = session;
        _outputs = new nint[session.Outputs.Count];
        try
        {
            foreach (var (name, value) in inputs)
            {
                _inputs.Add(OrtValues.Create(value));
                _inputNames.Add(Marshal.StringToCoTaskMemUTF8(name));
            }

            _outputNames.AddRange(session.Outputs.Select(o => Marshal.StringToCoTaskMemUTF8(o.Name)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs once; the outputs stay inside until the next run.</summary>
    /// <exception cref="OrtException">ONNX Runtime refuses the inputs or fails.</exception>
    public void Run()
    {
        ReleaseOutputs();
        fixed (nint* inputNames = CollectionsMarshal.AsSpan(_inputNames), inputs = CollectionsMarshal.AsSpan(_inputs))
        fixed (nint* outputNames = CollectionsMarshal.AsSpan(_outputNames), outputs = _outputs)
        {
            Check(((delegate* unmanaged<nint, nint, nint*, nint*, nuint, nint*, nuint, nint*, nint>)Get(Entry.Run))(
                _session.Handle, 0, inputNames, inputs, (nuint)_inputs.Count, outputNames, (nuint)_outputNames.Count, outputs));
        }
    }

    /// <summary>Copies of the last run's outputs.</summary>
    public IReadOnlyList<Value> ReadOutputs() => [.. _outputs.Select(OrtValues.Read)];

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleaseOutputs();
        _inputs.ForEach(value => Release(Entry.ReleaseValue, value));
        _inputs.Clear();
        _inputNames.ForEach(Marshal.FreeCoTaskMem);
        _inputNames.Clear();
        _outputNames.ForEach(Marshal.FreeCoTaskMem);
        _outputNames.Clear();
    }

    private void ReleaseOutputs()
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            if (_outputs[i] != 0)
            {
                Release(Entry.ReleaseValue, _outputs[i]);
                _outputs[i] = 0;
            }
        }
    }
}
