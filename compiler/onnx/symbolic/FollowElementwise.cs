using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows an elementwise operator with numpy broadcasting over two or more inputs, left to right where there are more.</summary>
/// <param name="type">The ONNX operator.</param>
/// <param name="function">The function on two elements (a unary operator is given its element twice); null for not known.</param>
/// <param name="result">The element type of the result, where it is not that of the operands.</param>
internal sealed class FollowElementwise(
    string type, Func<OnnxNode, SymbolicArithmetic, SymbolicElement, SymbolicElement, SymbolicElement?> function, ElementType? result = null)
    : ISymbolicOperator
{
    public string Type => type;

    /// <summary>The operators of this kind.</summary>
    public static IEnumerable<ISymbolicOperator> All { get; } =
    [
        new FollowElementwise("Add", (_, m, a, b) => m.Add(a, b)),
        new FollowElementwise("Sub", (_, m, a, b) => m.Sub(a, b)),
        new FollowElementwise("Mul", (_, m, a, b) => m.Mul(a, b)),
        new FollowElementwise("Div", (_, m, a, b) => m.Div(a, b)),
        new FollowElementwise("Mod", (n, m, a, b) => m.Mod(a, b, n.Flag("fmod"))),
        new FollowElementwise("Min", (_, m, a, b) => m.Min(a, b)),
        new FollowElementwise("Max", (_, m, a, b) => m.Max(a, b)),
        new FollowElementwise("Neg", (_, m, a, _) => m.Mul(a, Number(a, -1))),
        new FollowElementwise("Abs", (_, m, a, _) => m.Mul(a, Number(a, -1)) is { } b ? m.Max(a, b) : null),
        new FollowElementwise("Floor", (_, m, a, _) => m.Floor(a)),
        new FollowElementwise("Ceil", (_, m, a, _) => m.Ceil(a)),
        new FollowElementwise("Round", (_, m, a, _) => m.Round(a)),
        new FollowElementwise("Sqrt", (_, m, a, _) => m.Number(a, Math.Sqrt)),
        new FollowElementwise("Reciprocal", (_, m, a, _) => m.Number(a, x => 1 / x)),
        new FollowElementwise("Equal", (_, m, a, b) => m.Equal(a, b), ElementType.Bool),
        new FollowElementwise("Less", (_, m, a, b) => m.Less(a, b), ElementType.Bool),
        new FollowElementwise("Greater", (_, m, a, b) => m.Less(b, a), ElementType.Bool),
        new FollowElementwise("LessOrEqual", (_, m, a, b) => Not(m.Less(b, a), a, b), ElementType.Bool),
        new FollowElementwise("GreaterOrEqual", (_, m, a, b) => Not(m.Less(a, b), a, b), ElementType.Bool),
        new FollowElementwise("Not", (_, _, a, _) => 1 - a.Dim!),
        new FollowElementwise("And", (_, _, a, b) => a.Dim! * b.Dim!),
        new FollowElementwise("Or", (_, _, a, b) => a.Dim! + b.Dim! - (a.Dim! * b.Dim!)),
        new FollowElementwise("Xor", (_, _, a, b) => a.Dim! + b.Dim! - (2 * a.Dim! * b.Dim!)),
    ];

    public bool TryFollow(OnnxNode node)
    {
        if (node.InputCount == 0 || node.Contents(0) is not { } value || node.Opset < 7)
        {
            return false;
        }

        var math = new SymbolicArithmetic(node, value.Element);
        if (node.InputCount == 1)
        {
            return Set(node, Apply(node, math, value, value));
        }

        for (var i = 1; i < node.InputCount; i++)
        {
            if (node.Contents(i) is not { } other || other.Element != value.Element || Apply(node, math, value, other) is not { } next)
            {
                return false;
            }

            value = next;
        }

        return Set(node, value);
    }

    private static bool Set(OnnxNode node, SymbolicTensor? value)
    {
        if (value is null)
        {
            return false;
        }

        node.SetOutput(0, value);
        return true;
    }

    private SymbolicTensor? Apply(OnnxNode node, SymbolicArithmetic math, SymbolicTensor a, SymbolicTensor b)
    {
        if (SymbolicBroadcast.Dims(a.Dims, b.Dims) is not { } dims)
        {
            return null;
        }

        var (atA, atB) = (SymbolicBroadcast.Reader(a.Dims, dims), SymbolicBroadcast.Reader(b.Dims, dims));
        var elements = new SymbolicElement[dims.Aggregate(1, (x, y) => x * y)];
        for (var i = 0; i < elements.Length; i++)
        {
            var (x, y) = (a.Elements[(int)atA.Offset(i)], b.Elements[(int)atB.Offset(i)]);
            if (x.Source is not null || y.Source is not null || function(node, math, x, y) is not { } element)
            {
                return null;
            }

            elements[i] = element;
        }

        return new SymbolicTensor(result ?? a.Element, dims.ToValueList(), [.. elements]);
    }

    private static SymbolicElement? Not(SymbolicElement? truth, SymbolicElement a, SymbolicElement b) =>
        truth is null || double.IsNaN(a.Number) || double.IsNaN(b.Number) ? null : 1 - truth.Dim!;

    /// <summary>A number of the same kind as an element.</summary>
    private static SymbolicElement Number(SymbolicElement like, long number) =>
        like.Dim is { } dim && like.Denominator == 1 ? dim.Context.Const(number) : SymbolicElement.Float(number);
}
