using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX's training steps Adagrad, Adam and Momentum (ai.onnx.preview.training): a learning rate, a count of steps taken, then all parameters, their
/// gradients, and their states; outputs are the next parameters and states.
/// </summary>
internal sealed class OptimizerOperator(string type) : IOnnxOperator
{
    public string Domain => "ai.onnx.preview.training";

    public string Type => type;

    private int States => type == "Adam" ? 2 : 1;

    public void Import(OnnxNode node)
    {
        var count = (node.InputCount - 2) / (2 + States);
        for (var i = 0; i < count; i++)
        {
            Value Of(int kind) => node.Input(2 + (kind * count) + i);
            var (x, gradient) = (Of(0), Of(1));
            gradient = node.Plus(gradient, node.Times(x, node.Float("norm_coefficient", 0)));
            var next = type switch
            {
                "Adagrad" => Adagrad(node, x, gradient, Of(2)),
                "Adam" => Adam(node, x, gradient, Of(2), Of(3)),
                "Momentum" => Momentum(node, x, gradient, Of(2)),
                _ => throw new InvalidOperationException($"no operator {type}"),
            };
            for (var kind = 0; kind < next.Length; kind++)
            {
                node.SetOutput((kind * count) + i, next[kind]);
            }
        }
    }

    private static Value[] Adagrad(OnnxNode node, Value x, Value gradient, Value squares)
    {
        var element = x.Type.Element;
        var rate = node.Over(Rate(node, element), node.Plus(node.Times(Steps(node, element), node.Float("decay_factor", 0)), 1));
        squares = node.Plus(squares, node.Square(gradient));
        var size = node.Plus(node.Root(squares), node.Float("epsilon", 1e-6f));
        return [node.Minus(x, node.Over(node.Times(rate, gradient), size)), squares];
    }

    private static Value[] Adam(OnnxNode node, Value x, Value gradient, Value mean, Value squares)
    {
        var element = x.Type.Element;
        var (alpha, beta, steps) = (node.Float("alpha", 0.9f), node.Float("beta", 0.999f), Steps(node, element));
        mean = node.Plus(node.Times(mean, alpha), node.Times(gradient, 1.0 - alpha));
        squares = node.Plus(node.Times(squares, beta), node.Times(node.Square(gradient), 1.0 - beta));

        // Before the first step the averages need no correction.
        Value Missing(double factor) => node.Minus(1, node.Emit(new IR.Ops.Pow(), node.Scalar(element, factor), steps));
        var rate = Rate(node, element);
        var corrected = node.Over(node.Times(rate, node.Root(Missing(beta))), Missing(alpha));
        rate = node.Choose(node.IsLess(0, steps), corrected, rate);
        var size = node.Plus(node.Root(squares), node.Float("epsilon", 1e-6f));
        var next = node.Minus(x, node.Over(node.Times(rate, mean), size));
        return [node.Times(next, 1.0 - node.Float("norm_coefficient_post", 0)), mean, squares];
    }

    private static Value[] Momentum(OnnxNode node, Value x, Value gradient, Value velocity)
    {
        var element = x.Type.Element;
        var alpha = node.Float("alpha");
        var share = node.Choose(node.IsLess(0, Steps(node, element)), node.Scalar(element, node.Float("beta")), 1);
        velocity = node.Plus(node.Times(velocity, alpha), node.Times(gradient, share));
        var direction = node.String("mode") == "nesterov" ? node.Plus(gradient, node.Times(velocity, alpha)) : velocity;
        return [node.Minus(x, node.Times(Rate(node, element), direction)), velocity];
    }

    private static Value Rate(OnnxNode node, ElementType element) => node.As(node.Shaped(node.Input(0), []), element);

    private static Value Steps(OnnxNode node, ElementType element) => node.As(node.Shaped(node.Input(1), []), element);
}
