using Dlc.IR.Diagnostics;

namespace Dlc.IR.Ops;

/// <summary>
/// What <see cref="Op.Differentiate"/> sees: a node, the gradients of its outputs, and the door through which it gives those of its inputs. A gradient
/// is the derivative of one scalar (the loss) and has the type of its value.
/// </summary>
public sealed class DifferentiateContext : OpWriter
{
    private readonly Node _node;
    private readonly IReadOnlyList<Value?> _gradients;
    private readonly IReadOnlyList<bool> _wanted;
    private readonly Value?[] _given;

    /// <summary>A context of one node.</summary>
    /// <param name="builder">Where the operators of the gradients go; it sees the node's inputs and outputs.</param>
    /// <param name="node">The node.</param>
    /// <param name="gradients">One an output; null where the loss does not depend on it. At least one is there.</param>
    /// <param name="wanted">For each input, whether its gradient is of use.</param>
    public DifferentiateContext(GraphBuilder builder, Node node, IReadOnlyList<Value?> gradients, IReadOnlyList<bool> wanted)
        : base(builder, node.Origins)
    {
        _node = node;
        _gradients = gradients;
        _wanted = wanted;
        _given = new Value?[node.Inputs.Length];
    }

    public int InputCount => _node.Inputs.Length;

    /// <summary>The gradients of the inputs so far; null where none was given, which means 0.</summary>
    public IReadOnlyList<Value?> Given => _given;

    public Value Input(int i) => _node.Inputs[i];

    public Value Output(int i = 0) => _node.Outputs[i];

    /// <summary>The gradient of an output, zeros where the loss does not depend on it.</summary>
    public Value Gradient(int output = 0) => _gradients[output] ?? Zeros(_node.Outputs[output].Type);

    /// <summary>Whether the loss depends on an output.</summary>
    public bool HasGradient(int output) => _gradients[output] is not null;

    /// <summary>Whether the gradient of an input is of use; what it alone needs is not to be built otherwise.</summary>
    public bool Wants(int input) => _wanted[input];

    /// <summary>
    /// Gives the gradient of an input. One of the shape that the input was broadcast to is summed back, one of another float type converted. Nothing is
    /// built where it is not wanted.
    /// </summary>
    public void Give(int input, Func<Value> gradient)
    {
        if (!Wants(input))
        {
            return;
        }

        var type = Input(input).Type;
        var value = As(ReducedTo(gradient(), type.Shape), type.Element);
        _given[input] = _given[input] is { } other ? Plus(other, value) : value;
    }

    /// <summary>The error of an operator without a derivative here.</summary>
    public static NoDerivativeException NoDerivative(string reason) => new(reason);
}
