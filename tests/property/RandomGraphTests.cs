using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Tests.Unit.Lowering;
using Xunit;

namespace Dlc.Tests.Property;

/// <summary>Random graphs at random dims (0 and 1 among them): whatever fusion makes of them, lowered programs compute what operators say.</summary>
public sealed class RandomGraphTests
{
    private static readonly long[] Sizes = [0, 1, 1, 2, 3, 5, 8, 17];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Fused_and_lowered_random_graph_computes_what_its_operators_say(int seed)
    {
        var random = new Random(seed);
        var m = new ModelUnderTest
        {
            // The interpreter of PTX is slow: some of the graphs will do.
            OnGpu = seed % 5 == 0 ? PtxTarget.Sm90 : null,
            WideIndices = seed % 10 == 0,
        };
        var (a, b) = (m.Dim("a"), m.Dim("b"));
        var c = m.Dims.Const(random.Next(1, 20));
        var sizes = (A: Sizes[random.Next(Sizes.Length)], B: Sizes[random.Next(Sizes.Length)]);
        Shape[] shapes = [[a, b, c], [b, c], [c], [a, m.Dims.One, c], [a, c, b]];
        var values = new List<Value>();
        var inputShapes = new List<long[]>();
        foreach (var shape in shapes)
        {
            values.Add(m.Input([.. shape.Dims]));
            inputShapes.Add([.. shape.Dims.Select(d => ReferenceEquals(d, a) ? sizes.A : ReferenceEquals(d, b) ? sizes.B : d.Constant)]);
        }

        var steps = random.Next(3, 25);
        for (var i = 0; i < steps; i++)
        {
            values.Add(Grow(m, random, values));
        }

        var outputs = values.Skip(shapes.Length).Where(_ => random.Next(4) == 0).Append(values[^1]).Distinct().ToArray();
        m.Check(outputs, null, [.. inputShapes]);
    }

    public static TheoryData<int> Seeds()
    {
        var seeds = new TheoryData<int>();
        for (var i = 0; i < 150; i++)
        {
            seeds.Add(i);
        }

        return seeds;
    }

    private static Value Grow(ModelUnderTest m, Random random, List<Value> values)
    {
        while (true)
        {
            var x = values[random.Next(values.Count)];
            var y = values[random.Next(values.Count)];
            var rank = x.Type.Rank;
            switch (random.Next(12))
            {
                case 0 or 1 or 2 when Broadcasts(x, y):
                    return m.Builder.Add(random.Next(4) switch { 0 => new Add(), 1 => new Sub(), 2 => new Mul(), _ => new Max() }, [x, y]);
                case 3 or 4:
                    return m.Builder.Add(random.Next(3) switch { 0 => new Tanh(), 1 => new Abs(), _ => new Sigmoid() }, [x]);
                case 5 when rank > 0:
                    var axis = random.Next(rank);
                    ValueList<int> axes = random.Next(3) == 0 ? [.. Enumerable.Range(axis, rank - axis)] : [random.Next(2) == 0 ? axis : rank - 1];
                    var sum = m.Builder.Add(new Reduce(ReduceKind.Sum, axes), [x]);
                    return m.Builder.Add(new Mul(), [sum, m.Scalar(0.1f)]);
                case 6 when rank > 1:
                    return m.Builder.Add(new Transpose([.. Enumerable.Range(0, rank).OrderBy(_ => random.Next())]), [x]);
                case 7 when rank > 1 && y.Type.Rank > 1 && ReferenceEquals(x.Type.Shape[^1], y.Type.Shape[^2])
                    && (y.Type.Rank == 2 || (y.Type.Rank == x.Type.Rank && ReferenceEquals(x.Type.Shape[0], y.Type.Shape[0]))):
                    return m.Builder.Add(new Tanh(), [m.Builder.Add(new MatMul(ElementType.Float32), [x, y])]);
                case 8 when rank > 1 && x.Type.Shape[^1].IsConstant:
                    return m.Builder.Add(new MatMul(ElementType.Float32), [x, m.Constant(x.Type.Shape[^1].Constant, random.Next(1, 40))]);
                case 9 when rank > 1 && !ReferenceEquals(x, y) && x.Type.Shape == y.Type.Shape:
                    return m.Builder.Add(new Concat(random.Next(rank)), [x, y]);
                case 10 when rank > 1:
                    return m.Softmax(x);
                case 11 when rank == 3:
                    return m.Builder.Add(new Reshape([x.Type.Shape[0] * x.Type.Shape[1], x.Type.Shape[2]]), [x]);
                default:
                    continue;
            }
        }
    }

    private static bool Broadcasts(Value x, Value y)
    {
        for (var i = 1; i <= Math.Min(x.Type.Rank, y.Type.Rank); i++)
        {
            var (p, q) = (x.Type.Shape[^i], y.Type.Shape[^i]);
            if (!ReferenceEquals(p, q) && !p.Is(1) && !q.Is(1))
            {
                return false;
            }
        }

        return true;
    }
}
