using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Simplify;

/// <summary>A node that a <see cref="Rewrite"/> looks at: what it reads now, and the means to make other nodes.</summary>
/// <param name="Node">The node in the graph before the pass; its inputs may have been replaced since.</param>
/// <param name="Inputs">Its inputs as they are now.</param>
/// <param name="Edit">The transaction.</param>
/// <param name="Uses">How often each value of the graph before the pass is read; null unless the pass counts.</param>
/// <param name="Context">The machine and the limits.</param>
public sealed record Match(Node Node, Value[] Inputs, GraphEdit Edit, Dictionary<Value, int>? Uses, PassContext Context)
{
    public Op Op => Node.Op;

    public TensorType Type => Node.Output.Type;

    public Facts Facts => Edit.Facts;

    public DimContext Dims => Edit.Module.Dims;

    /// <summary>The op that makes an input now, if it is a <typeparamref name="T"/>.</summary>
    public T? Made<T>(int input)
        where T : Op => Inputs[input].Producer?.Op as T;

    /// <summary>The inputs of the node that makes an input.</summary>
    public Value From(int input, int of = 0) => Inputs[input].Producer!.Inputs[of];

    /// <summary>The tensor of an input that is a constant.</summary>
    public Tensor? Constant(int input) => ConstantOf(Inputs[input]);

    /// <summary>Whether an input is a constant all of whose elements (at least one) are this number.</summary>
    public bool IsSplat(int input, double number) => SplatOf(Inputs[input]) is { } value && value == number;

    /// <summary>Whether the node is the only reader of an input.</summary>
    public bool IsOnlyUse(int input) => Uses!.GetValueOrDefault(Node.Inputs[input]) == 1;

    /// <summary>Makes a node that comes from the same ONNX nodes as this one.</summary>
    public Value Make(Op op, params ReadOnlySpan<Value> inputs) => Edit.Add(op, inputs, Node.Origins.AsSpan());

    /// <summary>Makes a node that comes from the ONNX nodes of this one and of what it replaces.</summary>
    public Value Merge(Value absorbed, Op op, params ReadOnlySpan<Value> inputs)
    {
        var origins = absorbed.Producer is { } producer ? producer.Origins.Union(Node.Origins).ToArray() : [.. Node.Origins];
        return Edit.Add(op, inputs, origins);
    }

    /// <summary>A value if it has the type of the node's output, else null: replacing by it must not change a shape.</summary>
    public Value? IfSameType(Value value)
    {
        if (value.Type.Element != Type.Element || value.Type.Rank != Type.Rank)
        {
            return null;
        }

        for (var axis = 0; axis < Type.Rank; axis++)
        {
            if (!AreEqual(value.Type.Shape[axis], Type.Shape[axis]))
            {
                return null;
            }
        }

        return value;
    }

    /// <summary>Whether two dims are proved equal.</summary>
    public bool AreEqual(Dim a, Dim b) => ReferenceEquals(a, b) || Facts.ProveEqual(a, b) == Proof.True;

    /// <summary>The tensor of a constant; null for other values.</summary>
    public static Tensor? ConstantOf(Value value) => (value.Producer?.Op as Constant)?.Tensor;

    /// <summary>The number that all elements of a small constant have; null for other values.</summary>
    public static double? SplatOf(Value value)
    {
        const long Looked = 4096;
        while (value.Producer?.Op is Broadcast or Reshape)
        {
            value = value.Producer.Inputs[0];
        }

        if (ConstantOf(value) is not { } tensor || tensor.Count is 0 or > Looked)
        {
            return null;
        }

        var first = tensor.GetDouble(0);
        for (var i = 1L; i < tensor.Count; i++)
        {
            if (tensor.GetDouble(i) != first)
            {
                return null;
            }
        }

        return first;
    }
}
