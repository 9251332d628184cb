using Dlc.Runtime.Device;
using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Native;

namespace Dlc.Runtime;

/// <summary>
/// A model with its code executable and its constants in place: immutable, shared by any number of sessions. It is freed when it
/// was disposed and its last session was, too.
/// </summary>
public sealed unsafe class LoadedExecutable : IDisposable
{
    private const long AlwaysRead = 16 << 20;

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
    /// Loads a <c>.dlcx</c> file. Header, metadata and code are read and checked against their checksums. Constants of more than 16 MiB are mapped, and come
    /// into memory when they are used: until the executable is freed nobody may write into that file or truncate it; replacing or deleting it is fine.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mapsConstants">False to read constants of any size, for files that others may write into.</param>
    /// <exception cref="DlcRuntimeException">A file that is foreign, truncated, damaged, of another version, or for another processor.</exception>
    public static LoadedExecutable Load(string path, bool mapsConstants = true)
    {
        using var file = ExecutableReader.Open(path);
        var layout = ExecutableReader.ReadLayout(file, path);
        var model = ExecutableReader.ReadModel(file, layout, path);
        CpuDetection.Check(model.Target);
        var owned = new List<IDisposable>();
        try
        {
            nint code = CodeOf(model, owned);
            var constants = new nint[model.Constants.Length];
            var section = layout.Constants;
            if (section.Length > 0)
            {
                byte* first;
                if (mapsConstants && section.Length > AlwaysRead)
                {
                    var mapping = NativeMapping.OfFile(file, section.Offset, section.Length);
                    owned.Add(mapping);
                    mapping.WillNeed();
                    first = mapping.Address;
                }
                else
                {
                    var block = new NativeBlock();
                    owned.Add(block);
                    first = block.Ensure(section.Length);
                    ExecutableReader.ReadExactly(file, first, section.Length, section.Offset, path);
                }

                for (int i = 0; i < constants.Length; i++)
                {
                    constants[i] = (nint)(first + (model.Constants[i].FileOffset - section.Offset));
                }
            }

            // Once is enough; a device needs the text.
            model = model.Target.IsGpu ? model : model with { Code = default };
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
            nint code = CodeOf(model, owned);
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

    /// <summary>Where the code of a processor is executed; that of a GPU is handed to a driver, and its entries are offsets.</summary>
    private static nint CodeOf(ExecutableModel model, List<IDisposable> owned)
    {
        if (model.Code.IsEmpty || model.Target.IsGpu)
        {
            return 0;
        }

        var mapping = NativeMapping.OfCode(model.Code.Span);
        owned.Add(mapping);
        return (nint)mapping.Address;
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
