using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX RandomUniform, RandomNormal, their Like forms, Bernoulli and Multinomial. A compiled model is a function: without a seed each node gets
/// one from its name, and every run gives the same numbers.
/// </summary>
internal sealed class RandomOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node) => node.SetOutput(0, type switch
    {
        "RandomUniform" or "RandomUniformLike" => Uniform(node),
        "RandomNormal" or "RandomNormalLike" => Normal(node),
        "Bernoulli" => Bernoulli(node),
        "Multinomial" => Multinomial(node),
        _ => throw new InvalidOperationException($"no operator {type}"),
    });

    private static Value Uniform(OnnxNode node)
    {
        var (low, high) = (node.Float("low", 0), node.Float("high", 1));
        var (shape, element) = Target(node);
        return node.As(node.Plus(node.Times(Numbers(node, shape, false), high - low), low), element);
    }

    private static Value Normal(OnnxNode node)
    {
        var (shape, element) = Target(node);
        return node.As(node.Plus(node.Times(Numbers(node, shape, true), node.Float("scale", 1)), node.Float("mean", 0)), element);
    }

    private static Value Bernoulli(OnnxNode node)
    {
        var p = node.Input(0);
        var isSet = node.IsLess(Numbers(node, p.Type.Shape, false), node.As(p, ElementType.Float32));
        return node.As(isSet, node.Element("dtype", p.Type.Element));
    }

    /// <summary>Draws classes from unnormalised log probabilities <c>[B, C]</c>: those whose cumulated probability a uniform number passes.</summary>
    private static Value Multinomial(OnnxNode node)
    {
        var logits = node.As(node.Input(0), ElementType.Float32);
        var shape = logits.Type.Shape;
        var samples = node.Dims.Const(node.Int("sample_size", 1));
        var weights = node.Exponential(node.Minus(logits, node.Reduced(ReduceKind.Max, logits, 1)));
        var cumulated = node.Emit(new Cumulate(ReduceKind.Sum, 1, false, false), weights);
        var total = node.Sliced(cumulated, 1, shape[1] - 1, node.Dims.One);
        var drawn = node.Times(Numbers(node, [shape[0], samples], false), total);
        var isPassed = node.Emit(new LessOrEqual(), node.Unsqueezed(cumulated, 1), node.Unsqueezed(drawn, 2));
        var index = node.Squeezed(node.Sum(node.As(isPassed, ElementType.Int64), 2), 2);

        // Rounding may pass the last class.
        var last = node.Smallest(index, node.Scalar(shape[1] - 1));
        return node.As(last, node.Element("dtype", ElementType.Int32));
    }

    private static (Shape Shape, ElementType Element) Target(OnnxNode node)
    {
        if (node.InputCount > 0)
        {
            return (node.InputType(0).Shape, node.Element("dtype", node.InputType(0).Element));
        }

        return (Shape.Of(node.Dims, node.Ints("shape")), node.Element("dtype", ElementType.Float32));
    }

    /// <summary>Random f32 numbers of a shape, by the node's seed; the integer seed of Dropout too.</summary>
    public static Value Numbers(OnnxNode node, Shape shape, bool isNormal) => node.Emit(new RandomNumbers(shape, Seed(node), isNormal));

    private static long Seed(OnnxNode node)
    {
        if (node.HasAttribute("seed"))
        {
            return node.Type == "Dropout" ? node.Int("seed") : BitConverter.SingleToInt32Bits(node.Float("seed"));
        }

        // FNV-1a of the name.
        var hash = 0xCBF29CE484222325;
        foreach (var letter in node.Origin)
        {
            hash = unchecked((hash ^ letter) * 0x100000001B3);
        }

        return unchecked((long)hash);
    }
}
