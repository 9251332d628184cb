using Dlc.Runtime.Device;
using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Native;

namespace Dlc.Runtime;

/// <summary>
/// A model with its code mapped executable and its constants in place: immutable, shared by any number of sessions. It is freed when it
/// was disposed and its last session was, too.
/// </summary>
public sealed unsafe class LoadedExecutable : IDisposable
{
    private readonly List<IDisposable> _owned;
    private readonly nint[] _constants;
    private readonly Lock _lock = new();
    private readonly Dictionary<IDevice, DeviceModel> _onDevices = [];
    private int _references = 1;
    private int _disposed;

    private LoadedExecutable(ExecutableModel model, nint[] constants, List<IDisposable> owned, Func<long, nint> entryOf)
    {
        Model = model;
        _constants = constants;
        _owned = owned;
        Prepared = ModelPreparer.Prepare(model, entryOf);
    }

    ~LoadedExecutable()
    {
        // Memory of devices is freed with them: they may be gone by now.
        _onDevices?.Clear();
        Free();
    }

    /// <summary>What was loaded.</summary>
    public ExecutableModel Model { get; }

    internal PreparedModel Prepared { get; }

    /// <summary>
    /// Maps a <c>.dlcx</c> file. Header, metadata and code are checked against their checksums; constants are only mapped and come
    /// into memory when they are used. The file must not be changed while it is loaded.
    /// </summary>
    /// <exception cref="DlcRuntimeException">A file that is foreign, truncated, damaged, of another version, or for another processor.</exception>
    public static LoadedExecutable Load(string path)
    {
        using var file = ExecutableReader.Open(path);
        var layout = ExecutableReader.ReadLayout(file, path);
        var model = ExecutableReader.ReadModel(file, layout, default, path);
        CpuDetection.Check(model.Target);
        var owned = new List<IDisposable>();
        try
        {
            nint code = 0;
            if (layout.Code.Length > 0)
            {
                var mapping = NativeMapping.OfFile(file, layout.Code.Offset, layout.Code.Length, executable: !model.Target.IsGpu);
                var bytes = new ReadOnlySpan<byte>(mapping.Address, checked((int)mapping.Length));
                owned.Add(mapping);
                ExecutableReader.CheckHash(bytes, layout.Code, "code", path);
                if (model.Target.IsGpu)
                {
                    // Handed to a driver as text; its entries are offsets.
                    model = model with { Code = bytes.ToArray() };
                }
                else
                {
                    code = (nint)mapping.Address;
                }
            }

            var constants = new nint[model.Constants.Length];
            if (layout.Constants.Length > 0)
            {
                var mapping = NativeMapping.OfFile(file, layout.Constants.Offset, layout.Constants.Length, executable: false);
                owned.Add(mapping);
                mapping.WillNeed();
                for (int i = 0; i < constants.Length; i++)
                {
                    constants[i] = (nint)(mapping.Address + (model.Constants[i].FileOffset - layout.Constants.Offset));
                }
            }

            return new LoadedExecutable(model, constants, owned, offset => code + (nint)offset);
        }
        catch
        {
            owned.ForEach(o => o.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Loads a model from memory, as a compiler does that runs what it just compiled. Constants in memory that are aligned to 64 bytes
    /// are used where they are; others are copied.
    /// </summary>
    /// <exception cref="DlcRuntimeException">InvalidModel, UnsupportedCpu or OutOfMemory.</exception>
    public static LoadedExecutable FromModel(ExecutableModel model)
    {
        ModelValidator.Validate(model);
        CpuDetection.Check(model.Target);
        var owned = new List<IDisposable>();
        try
        {
            nint code = 0;
            if (!model.Code.IsEmpty && !model.Target.IsGpu)
            {
                var mapping = NativeMapping.OfCode(model.Code.Span);
                owned.Add(mapping);
                code = (nint)mapping.Address;
            }

            return new LoadedExecutable(model, ConstantLoader.Load(model.Constants, owned), owned, offset => code + (nint)offset);
        }
        catch
        {
            owned.ForEach(o => o.Dispose());
            throw;
        }
    }

    /// <summary>Loads a model whose code offsets are indexes into a table of functions: for tests of the runtime without a compiler.</summary>
    internal static LoadedExecutable FromModel(ExecutableModel model, nint[] kernels)
    {
        ModelValidator.Validate(model, kernels.Length);
        var owned = new List<IDisposable>();
        return new LoadedExecutable(model, ConstantLoader.Load(model.Constants, owned), owned, offset => kernels[offset]);
    }

    /// <summary>Lets go of the executable; sessions that still live keep it loaded.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    /// <summary>The executable on a device; its constants are copied there once.</summary>
    internal DeviceModel On(IDevice device)
    {
        lock (_lock)
        {
            if (!_onDevices.TryGetValue(device, out var model))
            {
                _onDevices.Add(device, model = new DeviceModel(this, device));
            }

            return model;
        }
    }

    internal byte* ConstantAddress(int index) => (byte*)_constants[index];

    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    internal void AddReference()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Interlocked.Increment(ref _references);
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
            GC.SuppressFinalize(this);
        }
    }

    private void Free()
    {
        foreach (var model in _onDevices?.Values ?? Enumerable.Empty<DeviceModel>())
        {
            model.Dispose();
        }

        _onDevices?.Clear();

        // Null when the constructor failed; what was mapped is then freed by its caller.
        foreach (var owned in _owned ?? [])
        {
            owned.Dispose();
        }

        _owned?.Clear();
    }
}
