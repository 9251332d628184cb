using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>What <see cref="Op.Evaluate"/> sees: input tensors, and the numbers that dims stand for.</summary>
public sealed class EvaluateContext(IReadOnlyList<Tensor> inputs, Func<Dim, long> dims, IReadOnlyList<TensorType> outputTypes)
{
    private readonly Tensor?[] _outputs = new Tensor?[outputTypes.Count];

    public int InputCount => inputs.Count;

    public int OutputCount => outputTypes.Count;

    public IReadOnlyList<Tensor?> Outputs => _outputs;

    /// <summary>Symbols that the op binds (BindDim, loops), with their values.</summary>
    public List<(Dim Symbol, long Value)> Bound { get; } = [];

    /// <summary>The node's regions.</summary>
    public IReadOnlyList<Graph> Regions { get; init; } = [];

    /// <summary>Runs a region of the node on arguments and gives its outputs (see <see cref="GraphEvaluator"/>).</summary>
    public Func<Graph, IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> RunRegion { get; init; } =
        (_, _) => throw new InvalidOperationException("this evaluation has no regions");

    /// <summary>Gives a symbol a value at once, for the regions that are run after.</summary>
    public Action<Dim, long> BindNow { get; init; } = (_, _) => throw new InvalidOperationException("this evaluation has no regions");

    /// <summary>Whether a symbol has a value.</summary>
    public Func<Dim, bool> IsBound { get; init; } = _ => true;

    public Tensor Input(int i) => inputs[i];

    /// <summary>The value of a dim at this evaluation.</summary>
    public long Dim(Dim dim) => dim.IsConstant ? dim.Constant : dims(dim);

    public long[] Dim(Shape shape) => [.. shape.Dims.Select(Dim)];

    /// <summary>An output of the inferred type, zeroed, to be filled.</summary>
    public Tensor NewOutput(int output = 0)
    {
        var type = outputTypes[output];
        return _outputs[output] = new Tensor(type.Element, Dim(type.Shape));
    }

    public TensorType OutputType(int output = 0) => outputTypes[output];

    public void SetOutput(int output, Tensor tensor) => _outputs[output] = tensor;

    /// <summary>A failure that depends on data (an index out of range).</summary>
    public static DlcException Error(string message) => new(ErrorCodes.BadInput, message);
}
