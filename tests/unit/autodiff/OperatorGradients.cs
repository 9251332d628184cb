using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>The operators with a derivative, one row each.</summary>
internal static class OperatorGradients
{
    private const string Square = "n=3 m=4 | n=1 m=5 | n=0 m=2 | n=2 m=1";

    public static IEnumerable<GradientCase> All() => [.. Unary(), .. Binary(), .. Shapes(), .. Reductions(), .. Selections()];

    private static IEnumerable<GradientCase> Unary()
    {
        (Op Op, double Low, double High)[] functions =
        [
            (new Acos(), -0.9, 0.9), (new Acosh(), 1.2, 3), (new Asin(), -0.9, 0.9), (new Asinh(), -2, 2), (new Atan(), -2, 2),
            (new Atanh(), -0.9, 0.9), (new Cos(), -3, 3), (new Cosh(), -2, 2), (new Erf(), -2, 2), (new Exp(), -2, 2), (new Log(), 0.2, 3),
            (new Neg(), -1, 1), (new Sigmoid(), -4, 4), (new Sin(), -3, 3), (new Sinh(), -2, 2), (new Sqrt(), 0.2, 3), (new Tan(), -1, 1),
            (new Tanh(), -3, 3), (new Abs(), 0.1, 1), (new Abs(), -1, -0.1),
        ];
        foreach (var (op, low, high) in functions)
        {
            yield return new($"{op.Name} from {low}", Square, g => [g.Emit(op, g.Parameter("n m", low, high))]);
        }

        foreach (Op op in new Op[] { new Ceil(), new Floor(), new Round(), new Trunc(), new Sign() })
        {
            yield return new(op.Name, Square, g => [g.Emit(op, g.Parameter("n m", 0.1, 0.4)), g.Parameter("n m")]);
        }
    }

    private static IEnumerable<GradientCase> Binary()
    {
        (Op Op, double Low, double High)[] functions =
        [
            (new Add(), -1, 1), (new Sub(), -1, 1), (new Mul(), -1, 1), (new Div(), 0.4, 2), (new Pow(), 0.4, 2),
        ];
        foreach (var (op, low, high) in functions)
        {
            yield return new(op.Name, Square, g => [g.Emit(op, g.Parameter("n m", low, high), g.Parameter("n m", low, high))]);
            yield return new($"{op.Name} of a row", Square, g => [g.Emit(op, g.Parameter("m", low, high), g.Parameter("n m", low, high))]);
            yield return new($"{op.Name} of a column", Square, g => [g.Emit(op, g.Parameter("n m", low, high), g.Parameter("n 1", low, high))]);
            yield return new($"{op.Name} of a scalar", Square, g => [g.Emit(op, g.Parameter("", low, high), g.Parameter("2 n m", low, high))]);

            // Which side is broadcast only the run knows.
            yield return new($"{op.Name} of dims that may be 1", "n=3 m=1 | n=1 m=4 | n=4 m=4 | n=1 m=1 | n=0 m=0",
                g => [g.Emit(op, g.Parameter("2 n", low, high), g.Parameter("2 m", low, high))]);
        }

        yield return new("Pow of a constant exponent", Square,
            g => [g.Emit(new Pow(), g.NonZero("n m"), g.Writer.Scalar(ElementType.Float64, 3))]);
        yield return new("Pow to 0", Square, g => [g.Emit(new Pow(), g.NonZero("n m"), g.Writer.Scalar(ElementType.Float64, 0))]);
        yield return new("Max", Square, g => [g.Emit(new Max(), g.Distinct("n m"), g.Parameter("n m", -0.02, 0.02))]);
        yield return new("Min", Square, g => [g.Emit(new Min(), g.Distinct("n m"), g.Parameter("1 m", -0.02, 0.02))]);
        yield return new("Mod", Square, g => [g.Emit(new Mod(), g.Parameter("n m", -3.9, -3.1), g.Parameter("m", 0.95, 1))]);
        yield return new("Rem", Square, g => [g.Emit(new Rem(), g.Parameter("n m", -3.9, -3.1), g.Parameter("m", 0.95, 1))]);
        yield return new("Where", Square, g => [g.Emit(new Where(), g.Bools("n 1"), g.Parameter("n m"), g.Parameter("m"))]);
        yield return new("Used twice", Square, g =>
        {
            var x = g.Parameter("n m");
            return [g.Emit(new Mul(), x, g.Emit(new Exp(), x)), g.Emit(new Sin(), x), x];
        });
        yield return new("Cast", Square, g =>
            [g.Emit(new Cast(ElementType.Float64), g.Emit(new Mul(), g.Parameter("n m"), g.Parameter("n m"))), g.Emit(new Cast(ElementType.Int64), g.Parameter("n m"))]);
    }

    private static IEnumerable<GradientCase> Shapes()
    {
        yield return new("Broadcast", Square, g => [g.Emit(new Broadcast(g.Shape("2 n m")), g.Parameter("n 1"))]);
        yield return new("Broadcast of a scalar", Square, g => [g.Emit(new Broadcast(g.Shape("n m")), g.Parameter(""))]);
        yield return new("Reshape", Square, g => [g.Emit(new Reshape([g.Dim("n") * g.Dim("m"), g.Dim("2")]), g.Parameter("n 2 m"))]);
        yield return new("Transpose", Square, g => [g.Emit(new Transpose([2, 0, 1]), g.Parameter("n 2 m"))]);
        yield return new("Concat", Square, g => [g.Emit(new Concat(1), g.Parameter("n 2"), g.Parameter("n m"), g.Parameter("n 1"))]);
        yield return new("Slice", "n=6 m=3 | n=7 m=0", g =>
            [g.Emit(new Slice([g.Dim("1"), g.Dim("0")], [g.Dim("2"), g.Dim("1")], g.Shape("2 m")), g.Parameter("n m"))]);
        yield return new("Slice of symbolic length", "n=6 m=3 | n=5 m=0 | n=1 m=1", g =>
            [g.Emit(new Slice([g.Dim("0")], [g.Dim("2")], [(g.Dim("n") + 1).FloorDiv(2)]), g.Parameter("n"))]);
        yield return new("Slice backwards", "n=6 m=3 | n=1 m=2 | n=0 m=1", g =>
            [g.Emit(new Slice([g.Dim("n") - 1, g.Dim("0")], [g.Dim("-1"), g.Dim("1")], g.Shape("n m")), g.Parameter("n m"))]);
        yield return new("Slice backwards by 3", "n=8", g => [g.Emit(new Slice([g.Dim("7")], [g.Dim("-3")], [g.Dim("3")]), g.Parameter("n"))]);
        yield return new("Dilate", "n=3 m=2 | n=1 m=1", g => [g.Emit(new Dilate([2, 3]), g.Parameter("n m"))]);
        yield return new("Pad with zeros", Square, g => [g.Emit(new Pad(PadMode.Constant, [g.Dim("2"), g.Dim("0")], [g.Dim("1"), g.Dim("3")]), g.Parameter("n m"))]);
        yield return new("Pad with a value", Square, g =>
            [g.Emit(new Pad(PadMode.Constant, [g.Dim("2"), g.Dim("0")], [g.Dim("0"), g.Dim("m")]), g.Parameter("n m"), g.Parameter(""))]);
        yield return new("Pad that crops", "n=4 m=3", g => [g.Emit(new Pad(PadMode.Constant, [g.Dim("-1"), g.Dim("2")], [g.Dim("1"), g.Dim("-1")]), g.Parameter("n m"))]);
        foreach (var mode in new[] { PadMode.Reflect, PadMode.Edge, PadMode.Wrap })
        {
            yield return new($"Pad {mode}", "n=4 m=3 | n=1 m=5", g =>
                [g.Emit(new Pad(mode, [g.Dim("2"), g.Dim("1")], [g.Dim("0"), g.Dim("4")]), g.Parameter("n m"))]);
        }

        yield return new("ReverseSequence", "n=4 m=3", g => [g.Emit(new ReverseSequence(0, 1), g.Parameter("n m"), g.Longs("m", 0, 5))]);
    }

    private static IEnumerable<GradientCase> Reductions()
    {
        foreach (var kind in new[] { ReduceKind.Sum, ReduceKind.Prod, ReduceKind.Max, ReduceKind.Min })
        {
            foreach (ValueList<int> axes in new ValueList<int>[] { [0], [2], [1, 2], [0, 1, 2] })
            {
                yield return new($"Reduce {kind} {axes}", "n=2 m=3 | n=1 m=1 | n=3 m=0",
                    g => [g.Emit(new Reduce(kind, axes), g.Distinct("n 2 m"))]);
            }
        }

        yield return new("Product with a zero", "n=4", g =>
        {
            var zero = g.Data("n", ElementType.Float64, i => i == 1 ? 0 : 1);
            return [g.Emit(new Reduce(ReduceKind.Prod, [0]), g.Emit(new Mul(), g.NonZero("n"), zero))];
        });
        foreach (var kind in new[] { ReduceKind.Sum, ReduceKind.Prod })
        {
            foreach (var (exclusive, reverse) in new[] { (false, false), (false, true), (true, false), (true, true) })
            {
                yield return new($"Cumulate {kind} {exclusive} {reverse}", "n=2 m=4 | n=0 m=1 | n=3 m=0 | n=1 m=1",
                    g => [g.Emit(new Cumulate(kind, 1, exclusive, reverse), g.Parameter("n m 2"))]);
            }
        }

        yield return new("TopK", "n=2 m=6", g => [.. g.Writer.EmitNode(new TopK(g.Dim("3"), 1, true), [g.Distinct("n m")]).Outputs]);
        yield return new("TopK of symbolic count", "n=3 m=4 k=2 | n=1 m=4 k=0", g =>
            [.. g.Writer.EmitNode(new TopK(g.Dim("k"), 0, false), [g.Distinct("m n")]).Outputs]);
        yield return new("Softmax", "n=2 m=5 | n=1 m=1 | n=3 m=0", g => [Softmax(g, g.Parameter("n m", -3, 3))]);
        yield return new("Softmax with other readers of its parts", "n=2 m=5", g =>
        {
            var x = g.Distinct("n m");
            var max = g.Emit(new Reduce(ReduceKind.Max, [1]), x);
            var exp = g.Emit(new Exp(), g.Emit(new Sub(), x, max));
            var sum = g.Emit(new Reduce(ReduceKind.Sum, [1]), exp);
            return [g.Emit(new Div(), exp, sum), g.Emit(new Tanh(), sum)];
        });
        yield return new("Softmax of masked rows", "n=3 m=4", g =>
        {
            var masked = g.Emit(new Where(), g.Data("n m", ElementType.Bool, i => i < 4 ? 0 : i % 2), g.Parameter("n m"), g.Writer.Scalar(ElementType.Float64, double.NegativeInfinity));
            var max = g.Emit(new Reduce(ReduceKind.Max, [1]), masked);
            var shift = g.Writer.Choose(g.Emit(new IsInf(Negative: true, Positive: false), max), 0, max);
            var exp = g.Emit(new Exp(), g.Emit(new Sub(), masked, shift));
            var sum = g.Emit(new Reduce(ReduceKind.Sum, [1]), exp);
            return [g.Emit(new Div(), exp, g.Writer.Choose(g.Writer.IsEqual(sum, 0), 1, sum))];
        });
        yield return new("LogSoftmax", "n=2 m=5 | n=1 m=1", g => [LogSoftmax(g, g.Parameter("n m", -3, 3), 1)]);
        yield return new("LogSoftmax of an outer axis", "n=2 m=5", g => [LogSoftmax(g, g.Parameter("m n", -3, 3), 0)]);
        yield return new("LogSumExp", "n=2 m=5", g =>
        {
            var x = g.Parameter("n m", -3, 3);
            var max = g.Emit(new Reduce(ReduceKind.Max, [1]), x);
            var shift = g.Writer.Choose(g.Emit(new IsInf(), max), 0, max);
            var sum = g.Emit(new Reduce(ReduceKind.Sum, [1]), g.Emit(new Exp(), g.Emit(new Sub(), x, shift)));
            return [g.Emit(new Add(), g.Emit(new Log(), sum), shift)];
        });
        yield return new("A maximum that is no shift", "n=2 m=5", g =>
        {
            var x = g.Distinct("n m");
            var max = g.Emit(new Reduce(ReduceKind.Max, [1]), x);
            return [g.Emit(new Exp(), g.Emit(new Sub(), x, max)), max];
        });
        yield return new("Layer norm", "n=3 m=4 | n=0 m=3", g =>
        {
            var (w, x) = (g.Writer, g.Parameter("n m"));
            Value Mean(Value v) => w.Over(w.Sum(v, 1), w.Number(g.Dim("m"), ElementType.Float64));
            var centred = w.Minus(x, Mean(x));
            var deviation = g.Emit(new Sqrt(), w.Plus(Mean(w.Square(centred)), 1e-3));
            return [w.Plus(w.Times(w.Over(centred, deviation), g.Parameter("m")), g.Parameter("m"))];
        });
    }

    private static IEnumerable<GradientCase> Selections()
    {
        yield return new("Gather rows", "n=4 m=3 k=5 | n=4 m=0 k=2 | n=1 m=1 k=0", g => [g.Emit(new Gather(0), g.Parameter("n m"), g.Longs("k 2", -1, 1))]);
        yield return new("Gather columns", "n=4 m=3 k=5", g => [g.Emit(new Gather(1), g.Parameter("n m 2"), g.Longs("k", -3, 3))]);
        yield return new("Gather a scalar", "n=4 m=3", g => [g.Emit(new Gather(1), g.Parameter("n m"), g.Longs("", 0, 3))]);
        yield return new("GatherElements", "n=4 m=3 k=6", g => [g.Emit(new GatherElements(0), g.Parameter("n m"), g.Longs("k 2", -4, 4))]);
        yield return new("GatherElements one a line", "n=4 m=3 | n=0 m=2", g => [g.Emit(new GatherElements(1), g.Parameter("n m 2"), g.Longs("n 1 2", -2, 2))]);
        yield return new("GatherND", "n=4 m=3 k=5", g => [g.Emit(new GatherND(0), g.Parameter("n m 2"), g.Longs("k 2", -3, 3))]);
        yield return new("GatherND with a batch", "n=2 m=3 k=4 | n=0 m=3 k=1", g => [g.Emit(new GatherND(1), g.Parameter("n m 2"), g.Longs("n k 1", -3, 3))]);
        foreach (var reduction in new[] { ScatterReduction.None, ScatterReduction.Add, ScatterReduction.Mul, ScatterReduction.Max, ScatterReduction.Min })
        {
            var isUnique = reduction == ScatterReduction.None;
            yield return new($"ScatterElements {reduction}", "n=5 m=2", g =>
                [g.Emit(new ScatterElements(0, reduction), g.Distinct("n m"), g.Data("3 m", ElementType.Int64, i => isUnique ? (i / 2 * 2) - 1 : i % 3), g.NonZero("3 m"))]);
            yield return new($"ScatterND {reduction}", "n=5 m=2", g =>
                [g.Emit(new ScatterND(reduction), g.Distinct("n m"), g.Data("3 1", ElementType.Int64, i => isUnique ? (i * 2) - 1 : i % 2), g.NonZero("3 m"))]);
        }

        yield return new("TensorScatter", "n=2 m=5", g =>
            [g.Emit(new TensorScatter(1, false), g.Parameter("n m 2"), g.Parameter("n 3 2"), g.Longs("n", 0, 3))]);
        yield return new("TensorScatter in a circle", "n=2 m=5", g =>
            [g.Emit(new TensorScatter(2, true), g.Parameter("n 2 m"), g.Parameter("n 2 3"), g.Longs("n", 0, 9))]);
    }

    private static Value Softmax(GradientCheck g, Value x)
    {
        var exp = g.Emit(new Exp(), g.Emit(new Sub(), x, g.Emit(new Reduce(ReduceKind.Max, [1]), x)));
        return g.Emit(new Div(), exp, g.Emit(new Reduce(ReduceKind.Sum, [1]), exp));
    }

    private static Value LogSoftmax(GradientCheck g, Value x, int axis)
    {
        var shifted = g.Emit(new Sub(), x, g.Emit(new Reduce(ReduceKind.Max, [axis]), x));
        return g.Emit(new Sub(), shifted, g.Emit(new Log(), g.Emit(new Reduce(ReduceKind.Sum, [axis]), g.Emit(new Exp(), shifted))));
    }
}
