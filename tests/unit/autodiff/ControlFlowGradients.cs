using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>Branches and loops.</summary>
internal static class ControlFlowGradients
{
    public static IEnumerable<GradientCase> All() => [.. Branches(), .. Loops(), .. Recurrences()];

    private static IEnumerable<GradientCase> Branches()
    {
        foreach (var condition in new[] { 0, 1 })
        {
            yield return new($"If {condition}", "n=3 m=2 | n=1 m=0", g =>
            {
                var (x, y) = (g.Parameter("n m"), g.Parameter("m"));
                var z = g.Emit(new Exp(), x);
                return [.. If(g, condition, w => [w.Times(z, y), w.Plus(x, 1)], w => [w.Times(x, w.Times(x, x)), w.Plus(y, x)])];
            });
            yield return new($"If {condition} with sizes of its own", "n=4 m=2", g =>
            {
                var x = g.Parameter("n m");
                var bound = g.Dims.Symbol("bound");
                var count = g.Data("", ElementType.Int64, _ => 3);
                return [.. If(g, condition, w =>
                {
                    w.EmitNode(new BindDim(bound), [count]);
                    w.Facts.Assume(bound, Relation.LessOrEqual, g.Dim("n"), "test");
                    return [w.Sliced(w.Square(x), 0, g.Dims.Zero, bound)];
                }, w => [w.Sliced(x, 0, g.Dims.One, g.Dims.One)], [[g.Dims.Symbol("size"), g.Dim("m")]])];
            });
        }
    }

    private static IEnumerable<GradientCase> Loops()
    {
        yield return new("Loop", "n=2 t=3 | n=1 t=1 | n=2 t=0", g =>
        {
            var (x, w) = (g.Parameter("n n"), g.Parameter("n n"));
            return LoopWriter.Run(g.Writer, g.Dim("t"), [x], (inner, _, carried) =>
            {
                var next = inner.Emit(new Tanh(), inner.Emit(new MatMul(ElementType.Float64), carried[0], w));
                return ([next], [inner.Sum(inner.Times(next, carried[0]), 1)]);
            });
        });
        yield return new("Loop over slices", "n=3 t=4 | n=2 t=1 | n=2 t=0", g =>
        {
            var (x, h, scale) = (g.Parameter("t n"), g.Parameter("n"), g.Parameter(""));
            return LoopWriter.Run(g.Writer, g.Dim("t"), [h], (inner, i, carried) =>
            {
                var slice = inner.Emit(new Gather(0), x, i);
                var next = inner.Plus(inner.Times(carried[0], scale), inner.Times(slice, carried[0]));
                return ([next], [next]);
            });
        });
        yield return new("Loop over some slices of an inner axis, from the back too", "n=3 t=2", g =>
        {
            var x = g.Parameter("n 5");
            return LoopWriter.Run(g.Writer, g.Dim("t"), [g.Parameter("n")], (inner, i, carried) =>
            {
                var first = inner.Emit(new Gather(1), x, i);
                var last = inner.Emit(new Gather(1), x, inner.Minus(inner.Scalar(ElementType.Int64, -1), i));
                return ([inner.Times(first, inner.Plus(last, carried[0]))], []);
            });
        });
        yield return new("Loop that carries what no parameter reaches", "n=3 t=3", g =>
        {
            var x = g.Parameter("n");
            var counter = g.Data("", ElementType.Float64, _ => 1);
            return LoopWriter.Run(g.Writer, g.Dim("t"), [counter, x, g.Parameter("n")], (inner, i, carried) =>
                ([inner.Plus(carried[0], 1), inner.Times(carried[2], carried[0]), inner.Times(x, carried[1])], [inner.As(i, ElementType.Float64)]));
        });
        yield return new("Loop until a condition", "n=3", g =>
        {
            var (x, w) = (g.Parameter("n", 0.5, 1), g.Parameter("n", 1.5, 2));
            var trips = g.Dims.FreshSymbol("trips");
            var body = g.Writer.Into(new GraphBuilder(g.Writer.Builder.Module, g.Writer.Facts.Clone()));
            body.Builder.Input(new TensorType(ElementType.Int64, []));
            var carried = body.Builder.Input(x.Type);
            var next = body.Times(carried, w);
            var goesOn = body.IsLess(body.Total(next), 9);
            var region = body.Builder.Build([next, body.Square(next), goesOn]);
            g.Writer.Facts.AssumeRange(trips, 0, long.MaxValue, "test");
            return [.. g.Writer.EmitNode(new Loop(1, trips, [x.Type.Shape, x.Type.Shape], IsCounted: false),
                [x, g.Writer.Scalar(ElementType.Int64, 50), g.Writer.Scalar(ElementType.Bool, 1)], region).Outputs];
        });
        yield return new("Loop in a loop", "n=2 t=2 s=3 | n=1 t=1 s=2", g =>
        {
            var (x, w) = (g.Parameter("n"), g.Parameter("s n"));
            return LoopWriter.Run(g.Writer, g.Dim("t"), [x], (outer, _, state) =>
            {
                var inside = LoopWriter.Run(outer, g.Dim("s"), [state[0]], (inner, i, carried) =>
                    ([inner.Emit(new Sin(), inner.Times(carried[0], inner.Emit(new Gather(0), w, i)))], [carried[0]]));
                return ([inside[0]], [outer.Sum(inside[1], 0)]);
            });
        });
        yield return new("If in a loop", "n=2 t=4", g =>
        {
            var (x, w) = (g.Parameter("n"), g.Parameter("n"));
            return LoopWriter.Run(g.Writer, g.Dim("t"), [x], (outer, i, carried) =>
            {
                var isEven = outer.IsEqual(outer.Emit(new Mod(), i, outer.Scalar(ElementType.Int64, 2)), 0);
                var result = Branch(outer, isEven, w1 => [w1.Times(carried[0], w)], w2 => [w2.Emit(new Sin(), w2.Plus(w, carried[0]))]);
                return ([result[0]], []);
            });
        });
        yield return new("Loop in a branch", "n=2 t=3", g =>
        {
            var (x, w) = (g.Parameter("n"), g.Parameter("n"));
            return [.. If(g, 1, inner => LoopWriter.Run(inner, g.Dim("t"), [x], (body, _, carried) =>
                ([body.Emit(new Sin(), body.Times(carried[0], w))], [])), inner => [inner.Times(x, 2)])];
        });
    }

    private static IEnumerable<GradientCase> Recurrences()
    {
        const string Sizes = "t=3 b=2 | t=1 b=1 | t=0 b=2";
        foreach (var (name, directions, hasLengths, isOther) in new[] { ("", 1, false, false), ("both ways", 2, false, true), ("of lengths", 2, true, false), ("backwards of lengths", 1, true, true) })
        {
            ValueList<bool> reverse = [.. Enumerable.Range(0, directions).Select(d => (d == 1) != isOther)];
            RecurrentFunction[] usual = [RecurrentFunction.Sigmoid, RecurrentFunction.Tanh, RecurrentFunction.Tanh];
            ValueList<RecurrentFunction> Functions(int count) => [.. Enumerable.Range(0, directions).SelectMany(_ => usual[..count])];
            ValueList<double> Zeros(int count) => [.. new double[count * directions]];
            var clip = isOther ? 0.9 : double.PositiveInfinity;
            (Op Op, int Gates, int States, string? Extra)[] ops =
            [
                (new Rnn(reverse, Functions(1), Zeros(1), Zeros(1), clip, hasLengths), 1, 1, null),
                (new Gru(reverse, Functions(2), Zeros(2), Zeros(2), clip, hasLengths, isOther), 3, 1, isOther ? $"{directions} 3" : null),
                (new Lstm(reverse, Functions(3), Zeros(3), Zeros(3), clip, hasLengths, isOther, isOther), 4, 2, isOther ? $"{directions} 3 3" : null),
            ];
            foreach (var (op, gates, states, extra) in ops)
            {
                yield return new($"{op.Name} {name}", Sizes, g =>
                {
                    var inputs = new List<Value> { g.Parameter($"t b {directions} {gates} 3"), g.Parameter($"{directions} 1 3 {gates} 16") };
                    inputs.AddRange(Enumerable.Range(0, states).Select(_ => g.Parameter($"{directions} b 3")));
                    if (extra is not null)
                    {
                        inputs.Add(g.Parameter(extra));
                    }

                    if (hasLengths)
                    {
                        inputs.Add(g.Longs("b", 0, 3));
                    }

                    return [.. g.Writer.EmitNode(op, [.. inputs]).Outputs];
                });
            }
        }

        foreach (var function in Enum.GetValues<RecurrentFunction>())
        {
            yield return new($"Rnn with {function}", "t=2 b=1", g => [.. g.Writer.EmitNode(
                new Rnn([false], [function], [0.3], [0.2], double.PositiveInfinity, false), [g.Parameter("t b 1 1 2"), g.Parameter("1 1 2 1 16"), g.Parameter("1 b 2")]).Outputs]);
        }

        foreach (var (decay, beta) in new[] { (false, false), (true, false), (true, true) })
        {
            yield return new($"LinearAttention {decay} {beta}", "b=2 t=3 | b=1 t=1", g =>
            {
                var inputs = new List<Value> { g.Parameter("b t 4 3"), g.Parameter("b t 2 3"), g.Parameter("b t 2 2"), g.Parameter("b 2 3 2") };
                if (decay)
                {
                    inputs.Add(g.Parameter("b t 2 3"));
                }

                if (beta)
                {
                    inputs.Add(g.Parameter("b t 2"));
                }

                return [.. g.Writer.EmitNode(new LinearAttention(decay, beta), [.. inputs]).Outputs];
            });
        }
    }

    private static IEnumerable<Value> If(
        GradientCheck g, int condition, Func<OpWriter, Value[]> then, Func<OpWriter, Value[]> otherwise, ValueList<Shape>? shapes = null) =>
        Branch(g.Writer, g.Data("", ElementType.Bool, _ => condition), then, otherwise, shapes);

    private static Value[] Branch(OpWriter writer, Value condition, Func<OpWriter, Value[]> then, Func<OpWriter, Value[]> otherwise, ValueList<Shape>? shapes = null)
    {
        Graph Region(Func<OpWriter, Value[]> build)
        {
            var inner = writer.Into(new GraphBuilder(writer.Builder.Module, writer.Facts.Clone()));
            return inner.Builder.Build(build(inner));
        }

        var (first, second) = (Region(then), Region(otherwise));
        if (shapes is not null)
        {
            foreach (var symbol in shapes.Value.SelectMany(s => s.Dims).Where(d => d.IsSymbol))
            {
                writer.Facts.AssumeRange(symbol, 0, long.MaxValue, "test");
            }
        }

        var op = new IR.Ops.If(shapes ?? [.. first.Outputs.Select(o => o.Type.Shape)]);
        return [.. writer.EmitNode(op, [condition], first, second).Outputs];
    }
}
