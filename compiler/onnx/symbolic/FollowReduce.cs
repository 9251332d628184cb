namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows reductions of integers to one number, as the element count <c>ReduceProd(Shape(x))</c>.</summary>
internal sealed class FollowReduce(
    string type, Func<SymbolicArithmetic, SymbolicElement, SymbolicElement, SymbolicElement?> combine) : ISymbolicOperator
{
    public string Type => type;

    /// <summary>The operators of this kind.</summary>
    public static IEnumerable<ISymbolicOperator> All { get; } =
    [
        new FollowReduce("ReduceSum", (m, a, b) => m.Add(a, b)),
        new FollowReduce("ReduceProd", (m, a, b) => m.Mul(a, b)),
        new FollowReduce("ReduceMin", (m, a, b) => m.Min(a, b)),
        new FollowReduce("ReduceMax", (m, a, b) => m.Max(a, b)),
    ];

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data || data.ToDims() is not { } dims || data.Dims.Count != 1 || dims.Length == 0
            || (node.HasInput(1) && node.Constant(1) is null))
        {
            return false;
        }

        var axes = node.ConstantLongs("axes", 1);
        if (axes is null or [] && node.Flag("noop_with_empty_axes"))
        {
            return false;
        }

        var math = new SymbolicArithmetic(node, data.Element);
        var result = data.Elements[0];
        foreach (var element in data.Elements.Items.Skip(1))
        {
            if (combine(math, result, element) is not { } next)
            {
                return false;
            }

            result = next;
        }

        node.SetOutput(0, new SymbolicTensor(data.Element, node.Flag("keepdims", true) ? [1] : [], [result]));
        return true;
    }
}
