using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Collects buffers and steps while a graph is lowered. A sub-program's builder continues the numbering of the one around it and sees its
/// buffers.
/// </summary>
internal sealed class ProgramBuilder
{
    private readonly ProgramBuilder? _outer;
    private readonly Counter _ids;
    private readonly Dictionary<Value, LoweredBuffer> _buffers = [];

    public ProgramBuilder(Module module, MachineModel machine, ProgramBuilder? outer = null, Facts? facts = null)
    {
        Module = module;
        Facts = facts ?? module.Facts;
        Machine = machine;
        _outer = outer;
        _ids = outer?._ids ?? new Counter();
        Math = outer is not null && ReferenceEquals(outer.Facts, Facts) ? outer.Math : new IndexMath(Facts, module.Dims);
        Constants = outer?.Constants ?? new ConstantPool();
    }

    public Module Module { get; }

    public DimContext Dims => Module.Dims;

    /// <summary>What may be relied on in the graph that is lowered.</summary>
    public Facts Facts { get; }

    public MachineModel Machine { get; }

    public IndexMath Math { get; }

    /// <summary>Packed constants, shared between equal uses.</summary>
    public ConstantPool Constants { get; }

    public LoweredProgram Program { get; } = new();

    /// <summary>
    /// The buffer of a value of this graph or of one around it. A constant gets one when it is first asked for: those that were packed away or
    /// became literals take no room in the executable.
    /// </summary>
    public LoweredBuffer this[Value value]
    {
        get
        {
            if (_buffers.TryGetValue(value, out var buffer))
            {
                return buffer;
            }

            if (_outer is not null)
            {
                return _outer[value];
            }

            if (value.Producer?.Op is not Constant constant)
            {
                throw new InvalidOperationException($"{value} has no buffer");
            }

            _buffers.Add(value, buffer = NewConstant(constant.Tensor, value.Name));
            return buffer;
        }
    }

    public void Bind(Value value, LoweredBuffer buffer) => _buffers[value] = buffer;

    public LoweredBuffer New(TensorType type, BufferStorage storage, string? name)
    {
        var buffer = new LoweredBuffer(_ids.Next++, type, storage, name);
        Program.Buffers.Add(buffer);
        return buffer;
    }

    public LoweredBuffer NewConstant(Tensor tensor, string? name)
    {
        var buffer = new LoweredBuffer(_ids.Next++, tensor.TypeIn(Dims), BufferStorage.Constant, name) { Constant = tensor };
        Program.Buffers.Add(buffer);
        return buffer;
    }

    public LoweredBuffer NewAlias(TensorType type, LoweredBuffer of, string? name)
    {
        var buffer = new LoweredBuffer(_ids.Next++, type, BufferStorage.Alias, name) { AliasOf = of };
        Program.Buffers.Add(buffer);
        return buffer;
    }

    /// <summary>The buffer of a value in the arena, made at its first mention.</summary>
    public LoweredBuffer Output(Value value)
    {
        if (!_buffers.TryGetValue(value, out var buffer))
        {
            _buffers.Add(value, buffer = New(value.Type, BufferStorage.Arena, value.Name));
        }

        return buffer;
    }

    /// <summary>Seals a kernel and runs it next on these buffers.</summary>
    /// <param name="builder">The kernel.</param>
    /// <param name="buffers">What its parameters are.</param>
    /// <param name="workPerItem">Scalar operations, or vector operations where a register tile does them, of one work item.</param>
    /// <param name="origins">ONNX nodes.</param>
    /// <param name="flops">Scalar operations of the launch; null for those of all work items.</param>
    /// <param name="sparse">Of buffers that are read in places only: the bytes that are read.</param>
    /// <param name="alternatives">Other kernels that do the same under a condition, on the same buffers in the same order.</param>
    /// <param name="inPlace">The kernel stores each element once: look for outputs that may lie in the memory of inputs.</param>
    public void Launch(KernelBuilder builder, IReadOnlyList<LoweredBuffer> buffers, Dim workPerItem, IEnumerable<string> origins, Dim? flops = null,
        IReadOnlyDictionary<LoweredBuffer, Dim>? sparse = null, bool inPlace = false, params ReadOnlySpan<(Dim When, KernelBuilder Kernel)> alternatives)
    {
        var kernel = builder.Build();
        var mayShare = inPlace ? KernelInPlace.PairsOf(kernel) : [];
        var others = new List<(Dim When, Kernel Kernel)>();
        foreach (var (when, other) in alternatives)
        {
            var built = other.Build();
            if (!when.Is(0) && built.Checks.SequenceEqual(kernel.Checks))
            {
                // What may share memory may do so whichever kernel runs.
                mayShare = mayShare.Intersect(inPlace ? KernelInPlace.PairsOf(built) : []).ToValueList();
                others.Add((when, built));
            }
        }

        kernel = kernel.WithInPlace(mayShare);
        var items = ItemsOf(kernel);
        Program.Steps.Add(new LaunchStep(kernel, buffers.ToValueList(), kernel.DimParameters, items, workPerItem, kernel.ScratchBytes,
            origins.ToValueList())
        {
            InPlace = mayShare.Where(p => IsWhole(buffers, mayShare, p)).ToValueList(),
            Alternatives = others.Select(o => new LaunchAlternative(o.When, o.Kernel.WithInPlace(mayShare), ItemsOf(o.Kernel))).ToValueList(),
            Flops = flops ?? (items * workPerItem),
            Traffic = buffers.Distinct().Aggregate(Dims.Zero, (sum, b) => sum + (sparse?.GetValueOrDefault(b) ?? BytesOf(b))),
        });
    }

    private Dim ItemsOf(Kernel kernel) => kernel.WorkItems switch
    {
        DimExpr dim => dim.Dim,
        IntLiteral literal => Dims.Const(literal.Value),
        _ => throw new InvalidOperationException($"kernel '{kernel.Name}' has work items that are no dim"),
    };

    /// <summary>All that the kernel reads of the memory of the input may be overwritten by the output; constants may not.</summary>
    private static bool IsWhole(IReadOnlyList<LoweredBuffer> buffers, IReadOnlyList<(int Input, int Output)> pairs, (int Input, int Output) pair)
    {
        var root = RootOf(buffers[pair.Input]);
        return root.Storage != BufferStorage.Constant && Enumerable.Range(0, buffers.Count)
            .All(i => i == pair.Output || !ReferenceEquals(RootOf(buffers[i]), root) || pairs.Contains((i, pair.Output)));
    }

    private static LoweredBuffer RootOf(LoweredBuffer buffer)
    {
        while (buffer.AliasOf is { } of)
        {
            buffer = of;
        }

        return buffer;
    }

    private Dim BytesOf(LoweredBuffer buffer) => buffer.Type.Shape.ElementCount(Dims) * buffer.Type.Element.Bytes();

    private sealed class Counter
    {
        public int Next { get; set; }
    }
}
