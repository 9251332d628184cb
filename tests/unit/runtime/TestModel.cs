using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Puts small executables together by hand.</summary>
internal sealed class TestModel
{
    private readonly List<string> _slots = [];
    private readonly List<ValueInfo> _values = [];
    private readonly List<ModelInput> _inputs = [];
    private readonly List<ModelOutput> _outputs = [];
    private readonly List<ConstantData> _constants = [];
    private readonly List<ShapeInstruction> _entry = [];
    private readonly List<StepProgram> _programs = [];

    public TestModel() => _programs.Add(null!);

    public List<Step> Main { get; } = [];

    /// <summary>Other orders of <see cref="Main"/>.</summary>
    public List<int[]> Orders { get; } = [];

    public List<Guard> Guards { get; } = [];

    public ReadOnlyMemory<byte> Code { get; set; } = new byte[TestKernels.Table.Length];

    public TargetInfo Target { get; set; } = new("x86-64", "test", CpuFeatures.None);

    public int Slot(string name)
    {
        _slots.Add(name);
        return _slots.Count - 1;
    }

    /// <summary>A slot that the entry sets to a number.</summary>
    public int Const(long value)
    {
        int slot = Slot($"{value}");
        _entry.Add(ShapeInstruction.Const(slot, value));
        return slot;
    }

    /// <summary>A slot that the entry computes.</summary>
    public int Compute(string name, ShapeOp op, int a, int b = 0, int c = 0)
    {
        int slot = Slot(name);
        _entry.Add(new ShapeInstruction(op, slot, a, b, c));
        return slot;
    }

    public int Temp(ScalarType type, params int[] dims) => Value(type, StorageKind.Temporary, 0, dims);

    public int Alias(int of, int byteOffsetSlot, ScalarType type, params int[] dims) =>
        Value(type, StorageKind.Alias, of, dims, byteOffsetSlot);

    public int Constant<T>(ScalarType type, T[] data, params int[] dims)
        where T : unmanaged
    {
        _constants.Add(ConstantData.From(System.Runtime.InteropServices.MemoryMarshal.AsBytes(data.AsSpan()).ToArray()));
        return Value(type, StorageKind.Constant, _constants.Count - 1, dims);
    }

    public int Constant(ScalarType type, ConstantData data, params int[] dims)
    {
        _constants.Add(data);
        return Value(type, StorageKind.Constant, _constants.Count - 1, dims);
    }

    /// <summary>An input; a slot met first is bound, one met again is checked, a const slot must be given as a fixed axis.</summary>
    public int Input(string name, ScalarType type, params InputAxis[] axes)
    {
        int[] dims = [.. axes.Select(a => a.Kind == InputAxisKind.Constant ? Const(a.Constant) : a.Slot)];
        int value = Value(type, StorageKind.Input, _inputs.Count, dims, -1, name);
        _inputs.Add(new ModelInput { Name = name, Value = value, Axes = axes });
        return value;
    }

    public int Output(string name, ScalarType type, params int[] dims)
    {
        int value = Value(type, StorageKind.Output, _outputs.Count, dims, -1, name);
        _outputs.Add(new ModelOutput { Name = name, Value = value, DimTexts = [.. dims.Select(d => _slots[d])] });
        return value;
    }

    /// <summary>A sub-program; returns its index.</summary>
    public int Program(string name, params Step[] steps)
    {
        _programs.Add(new StepProgram { Name = name, Steps = steps });
        return _programs.Count - 1;
    }

    /// <summary>Reserves the index of a program whose steps come later, so that inner programs get larger ones.</summary>
    public int Reserve()
    {
        _programs.Add(null!);
        return _programs.Count - 1;
    }

    public void Define(int program, string name, params Step[] steps) => _programs[program] = new StepProgram { Name = name, Steps = steps };

    public static LaunchStep Launch(int kernel, int[] buffers, int[] dims, int extent = -1, int grain = -1, int scratch = -1, InPlaceBuffers[]? inPlace = null) => new()
    {
        Buffers = buffers,

        // All of the test's kernels write their last one.
        Writes = buffers.Length > 0 ? [buffers.Length - 1] : [],
        InPlace = inPlace ?? [],
        Dims = dims,
        Variants = [new KernelVariant { CodeOffset = kernel, Name = $"k{kernel}", ExtentSlot = extent, GrainSlot = grain, ScratchSlot = scratch }],
        Messages = ["first check", "second check"],
        Origins = ["node_a", "node_b"],
    };

    public ExecutableModel Build()
    {
        _programs[0] = new StepProgram { Name = "main", Steps = [.. Main], Orders = [.. Orders] };
        return new ExecutableModel
        {
            Name = "test",
            Producer = "tests",
            Target = Target,
            SlotNames = [.. _slots],
            Inputs = [.. _inputs],
            Outputs = [.. _outputs],
            Entry = new BindPoint { Instructions = [.. _entry], Guards = [.. Guards] },
            Values = [.. _values],
            Programs = [.. _programs],
            Constants = [.. _constants],
            Code = Code,
            Properties = [new("opset", "17")],
        };
    }

    /// <summary>Loads with <see cref="TestKernels"/>.</summary>
    public CompiledModel Load() => CompiledModel.FromModel(Build(), TestKernels.Table);

    private int Value(ScalarType type, StorageKind storage, int index, int[] dims, int byteOffsetSlot = -1, string? name = null)
    {
        _values.Add(new ValueInfo
        {
            Type = type,
            Dims = dims,
            Storage = storage,
            Index = index,
            ByteOffsetSlot = byteOffsetSlot,
            Name = name ?? $"v{_values.Count}",
        });
        return _values.Count - 1;
    }
}
