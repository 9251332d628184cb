using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX LSTM, GRU and RNN. The projections of all steps' inputs become one matrix product with the biases added, the recurrence one operator. Inputs:
/// <c>X [T, B, I]</c>, <c>W [D, G*H, I]</c>, <c>R [D, G*H, H]</c>, and optionally <c>B [D, 2*G*H]</c>, lengths <c>[B]</c>, initial states
/// <c>[D, B, H]</c> and peepholes <c>[D, 3*H]</c>; with layout 1 the batch comes first.
/// </summary>
internal sealed class RecurrentOperator(string type) : IOnnxOperator
{
    public string Type => type;

    private int Gates => type switch { "LSTM" => 4, "GRU" => 3, _ => 1 };

    private int FunctionCount => type switch { "LSTM" => 3, "GRU" => 2, _ => 1 };

    public void Import(OnnxNode node)
    {
        var isBatchFirst = node.Opset >= 14 && node.Flag("layout");
        var x = isBatchFirst ? node.Permuted(node.Input(0), [1, 0, 2]) : node.Input(0);
        var (w, r) = (node.Input(1), node.Input(2));
        if (x.Type.Rank != 3 || w.Type.Rank != 3 || r.Type.Rank != 3)
        {
            throw node.Error($"expects [T, B, I], [D, G*H, I] and [D, G*H, H], found {x.Type}, {w.Type}, {r.Type}");
        }

        var element = x.Type.Element;
        var reverse = Directions(node);
        var (steps, batch, directions, hidden) = (x.Type.Shape[0], x.Type.Shape[1], node.Dims.Const(reverse.Count), r.Type.Shape[2]);
        var gates = node.Dims.Const(Gates);
        node.RequireEqual(w.Type.Shape[0], directions, "directions of the weights");
        var resetsAfter = type == "GRU" && node.Flag("linear_before_reset");
        var (inputBias, recurrentBias) = Biases(node, directions, hidden, resetsAfter);

        var rows = directions * gates * hidden;
        var projected = node.Multiplied(x, node.Transposed(node.Shaped(w, [rows, w.Type.Shape[2]])));
        if (inputBias is not null)
        {
            projected = node.Plus(projected, node.Shaped(inputBias, [rows]));
        }

        var inputs = new List<Value>
        {
            node.Shaped(projected, [steps, batch, directions, gates, hidden]),
            Blocked(node, node.Shaped(r, [directions, gates, hidden, hidden])),
        };
        Shape state = [directions, batch, hidden];
        for (var i = 5; i < (type == "LSTM" ? 7 : 6); i++)
        {
            var initial = node.OptionalInput(i);
            inputs.Add(initial is null ? node.Repeated(node.Scalar(element, 0), state)
                : isBatchFirst ? node.Permuted(initial, [1, 0, 2]) : initial);
        }

        if (resetsAfter)
        {
            inputs.Add(recurrentBias ?? node.Repeated(node.Scalar(element, 0), [directions, hidden]));
        }

        var hasPeepholes = type == "LSTM" && node.HasInput(7);
        if (hasPeepholes)
        {
            inputs.Add(node.Shaped(node.Input(7), [directions, node.Dims.Const(3), hidden]));
        }

        if (node.OptionalInput(4) is { } lengths)
        {
            inputs.Add(node.As(lengths, ElementType.Int64));
        }

        var outputs = node.EmitNode(Op(node, reverse, resetsAfter, hasPeepholes), [.. inputs]).Outputs;
        node.SetOutput(0, isBatchFirst ? node.Permuted(outputs[0], [2, 0, 1, 3]) : outputs[0]);
        for (var i = 1; i < outputs.Length; i++)
        {
            node.SetOutput(i, isBatchFirst ? node.Permuted(outputs[i], [1, 0, 2]) : outputs[i]);
        }
    }

    /// <summary>
    /// The biases that are added to the projections, <c>[D, G, H]</c>, and the one that GRU's reset gate scales, <c>[D, H]</c>; null where there are none.
    /// </summary>
    private (Value? Input, Value? Recurrent) Biases(OnnxNode node, Dim directions, Dim hidden, bool resetsAfter)
    {
        if (node.OptionalInput(3) is not { } both)
        {
            return (null, null);
        }

        var dims = node.Dims;
        both = node.Shaped(both, [directions, dims.Const(2), dims.Const(Gates), hidden]);
        Value Half(long i) => node.Squeezed(node.Sliced(both, 1, dims.Const(i), dims.One), 1);
        var (input, recurrent) = (Half(0), Half(1));
        if (!resetsAfter)
        {
            return (node.Plus(input, recurrent), null);
        }

        var early = node.Joined(1, node.Sliced(recurrent, 1, dims.Zero, dims.Const(2)),
            node.Repeated(node.Scalar(both.Type.Element, 0), [directions, dims.One, hidden]));
        return (node.Plus(input, early), node.Squeezed(node.Sliced(recurrent, 1, dims.Const(2), dims.One), 1));
    }

    /// <summary>Recurrent weights <c>[D, G, units, from]</c> as <c>[D, blocks, from, G, units of a block]</c>, with zeros for missing units.</summary>
    private static Value Blocked(OnnxNode node, Value r)
    {
        var (shape, zero) = (r.Type.Shape, node.Dims.Zero);
        var blocks = shape[2].CeilDiv(Recurrence.BlockUnits);
        var missing = (blocks * Recurrence.BlockUnits) - shape[2];
        if (!missing.Is(0))
        {
            r = node.Emit(new Pad(PadMode.Constant, [zero, zero, zero, zero], [zero, zero, missing, zero]), r);
        }

        return node.Permuted(node.Shaped(r, [shape[0], shape[1], blocks, node.Dims.Const(Recurrence.BlockUnits), shape[3]]), 0, 2, 4, 1, 3);
    }

    /// <summary>For each direction whether it runs from the end.</summary>
    private static ValueList<bool> Directions(OnnxNode node) => node.String("direction", "forward") switch
    {
        "forward" => [false],
        "reverse" => [true],
        "bidirectional" => [false, true],
        var other => throw node.Error($"has direction '{other}'"),
    };

    private Recurrence Op(OnnxNode node, ValueList<bool> reverse, bool resetsAfter, bool hasPeepholes)
    {
        var (functions, alphas, betas) = Activations(node, reverse.Count);
        var clip = node.HasAttribute("clip") ? node.Float("clip") : double.PositiveInfinity;
        var hasLengths = node.HasInput(4);
        return type switch
        {
            "LSTM" => new Lstm(reverse, functions, alphas, betas, clip, hasLengths, hasPeepholes, node.Flag("input_forget")),
            "GRU" => new Gru(reverse, functions, alphas, betas, clip, hasLengths, resetsAfter),
            _ => new Rnn(reverse, functions, alphas, betas, clip, hasLengths),
        };
    }

    /// <summary>The activations and their parameters, which are listed for those functions alone that have some.</summary>
    private (ValueList<RecurrentFunction> Functions, ValueList<double> Alphas, ValueList<double> Betas) Activations(OnnxNode node, int directions)
    {
        string[] usual = type switch { "LSTM" => ["Sigmoid", "Tanh", "Tanh"], "GRU" => ["Sigmoid", "Tanh"], _ => ["Tanh"] };
        var names = node.StringsOrNull("activations") ?? [.. Enumerable.Range(0, directions).SelectMany(_ => usual)];
        if (names.Length != directions * FunctionCount)
        {
            throw node.Error($"expects {directions * FunctionCount} activations, found {names.Length}");
        }

        var givenAlphas = new Queue<float>(node.FloatsOrNull("activation_alpha") ?? []);
        var givenBetas = new Queue<float>(node.FloatsOrNull("activation_beta") ?? []);
        var (functions, alphas, betas) = (new List<RecurrentFunction>(), new List<double>(), new List<double>());
        foreach (var name in names)
        {
            if (!Enum.TryParse<RecurrentFunction>(name, ignoreCase: true, out var function) || !Enum.IsDefined(function))
            {
                throw node.Error($"has an activation '{name}'");
            }

            functions.Add(function);
            var (alpha, beta) = Defaults(function);
            alphas.Add(alpha is null ? 0 : givenAlphas.TryDequeue(out var a) ? a : alpha.Value);
            betas.Add(beta is null ? 0 : givenBetas.TryDequeue(out var b) ? b : beta.Value);
        }

        return ([.. functions], [.. alphas], [.. betas]);
    }

    /// <summary>The parameters that a function has, with the defaults of the operators of the same names.</summary>
    private static (double? Alpha, double? Beta) Defaults(RecurrentFunction function) => function switch
    {
        RecurrentFunction.Affine => (1, 0),
        RecurrentFunction.LeakyRelu => (0.01f, null),
        RecurrentFunction.ThresholdedRelu => (1, null),
        RecurrentFunction.ScaledTanh => (1, 1),
        RecurrentFunction.HardSigmoid => (0.2f, 0.5),
        RecurrentFunction.Elu => (1, null),
        _ => (null, null),
    };
}
