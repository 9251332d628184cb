using System.Runtime.InteropServices;
using static Dlc.Peers.OnnxRuntime.OrtApi;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Peers.OnnxRuntime;

/// <summary>A model loaded by ONNX Runtime's CPU provider, with all graph optimisations on.</summary>
public sealed unsafe class OrtSession : IDisposable
{
    private nint _session;

    private OrtSession(nint session)
    {
        _session = session;
        Inputs = Ports(Entry.SessionGetInputCount, Entry.SessionGetInputName, Entry.SessionGetInputTypeInfo);
        Outputs = Ports(Entry.SessionGetOutputCount, Entry.SessionGetOutputName, Entry.SessionGetOutputTypeInfo);
    }

    /// <summary>The inputs, in the model's order.</summary>
    public IReadOnlyList<OrtPort> Inputs { get; }

    /// <summary>The outputs, in the model's order.</summary>
    public IReadOnlyList<OrtPort> Outputs { get; }

    internal nint Handle => _session;

    /// <summary>Loads a model file (external data is found beside it).</summary>
    /// <exception cref="OrtException">ONNX Runtime refuses the model.</exception>
    public static OrtSession FromFile(string path, int threads = 1) => Create(threads, (options, session) =>
    {
        var text = Marshal.StringToCoTaskMemUTF8(path);
        var status = ((delegate* unmanaged<nint, nint, nint, nint*, nint>)Get(Entry.CreateSession))(
            OrtApi.Environment, text, options, (nint*)session);
        Marshal.FreeCoTaskMem(text);
        return status;
    });

    /// <summary>Loads a model from its serialised bytes.</summary>
    /// <exception cref="OrtException">ONNX Runtime refuses the model.</exception>
    public static OrtSession FromBytes(byte[] model, int threads = 1) => Create(threads, (options, session) =>
    {
        fixed (byte* bytes = model)
        {
            return ((delegate* unmanaged<nint, byte*, nuint, nint, nint*, nint>)Get(Entry.CreateSessionFromArray))(
                OrtApi.Environment, bytes, (nuint)model.Length, options, (nint*)session);
        }
    });

    /// <summary>Runs once: all outputs, in the model's order.</summary>
    /// <exception cref="OrtException">ONNX Runtime refuses the inputs or fails.</exception>
    public IReadOnlyList<Value> Run(IEnumerable<KeyValuePair<string, Value>> inputs)
    {
        using var call = Prepare(inputs);
        call.Run();
        return call.ReadOutputs();
    }

    /// <summary>Copies inputs once, to run them often.</summary>
    public OrtCall Prepare(IEnumerable<KeyValuePair<string, Value>> inputs) => new(this, inputs);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_session != 0)
        {
            Release(Entry.ReleaseSession, _session);
            _session = 0;
        }
    }

    private static OrtSession Create(int threads, Func<nint, nint, nint> create)
    {
        nint options;
        Check(((delegate* unmanaged<nint*, nint>)Get(Entry.CreateSessionOptions))(&options));
        try
        {
            const int allOptimisations = 99;
            Check(((delegate* unmanaged<nint, int, nint>)Get(Entry.SetSessionGraphOptimizationLevel))(options, allOptimisations));
            Check(((delegate* unmanaged<nint, int, nint>)Get(Entry.SetIntraOpNumThreads))(options, threads));
            Check(((delegate* unmanaged<nint, int, nint>)Get(Entry.SetInterOpNumThreads))(options, 1));
            nint session;
            Check(create(options, (nint)(&session)));
            return new OrtSession(session);
        }
        finally
        {
            Release(Entry.ReleaseSessionOptions, options);
        }
    }

    private List<OrtPort> Ports(Entry countEntry, Entry nameEntry, Entry typeEntry)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)Get(countEntry))(_session, &count));
        var ports = new List<OrtPort>();
        for (nuint i = 0; i < count; i++)
        {
            nint text;
            Check(((delegate* unmanaged<nint, nuint, nint, nint*, nint>)Get(nameEntry))(_session, i, OrtValues.Allocator, &text));
            var name = Marshal.PtrToStringUTF8(text) ?? "";
            Check(((delegate* unmanaged<nint, nint, nint>)Get(Entry.AllocatorFree))(OrtValues.Allocator, text));
            nint type;
            Check(((delegate* unmanaged<nint, nuint, nint*, nint>)Get(typeEntry))(_session, i, &type));
            nint tensor;
            var status = ((delegate* unmanaged<nint, nint*, nint>)Get(Entry.CastTypeInfoToTensorInfo))(type, &tensor);
            Check(status);
            var (element, dims) = tensor == 0 ? (DataType.Undefined, []) : OrtValues.TypeAndDims(tensor);
            ports.Add(new OrtPort(name, element, dims));
            Release(Entry.ReleaseTypeInfo, type);
        }

        return ports;
    }
}
