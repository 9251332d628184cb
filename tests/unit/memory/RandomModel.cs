using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Runtime;

namespace Dlc.Tests.Unit.Memory;

/// <summary>A compiled random graph over the symbols <c>a</c> and <c>b</c>: elementwise chains, products, softmaxes, joins and views.</summary>
internal static class RandomModel
{
    public static CompiledModel Compile(int seed)
    {
        var module = new Module("random");
        var (random, g) = (new Random(seed), new GraphBuilder(module));
        var (a, b, c) = (module.Facts.NewDim("a", 0), module.Facts.NewDim("b", 0), module.Dims.Const(random.Next(1, 40)));
        Shape[] shapes = [[a, b, c], [a, b, c], [b, c], [a, module.Dims.One, c]];
        var values = shapes.Select((s, i) => g.Input(new TensorType(ElementType.Float32, s), $"x{i}")).ToList();
        for (var left = random.Next(6, 30); left > 0;)
        {
            if (Draw(random, g, values) is { } value)
            {
                values.Add(value);
                left--;
            }
        }

        var outputs = values.Skip(shapes.Length).Where(_ => random.Next(6) == 0).Append(values[^1]).Distinct().ToArray();
        module.Main = g.Build(outputs);
        module.OutputNames = [.. outputs.Select((_, i) => $"y{i}")];
        return DlcCompiler.Compile(module);
    }

    private static Value? Draw(Random random, GraphBuilder g, List<Value> values)
    {
        var (x, y) = (values[random.Next(values.Count)], values[random.Next(values.Count)]);
        var (rank, last) = (x.Type.Rank, x.Type.Rank - 1);
        switch (random.Next(7))
        {
            case 0:
                return g.Add(random.Next(2) == 0 ? new Tanh() : new Sigmoid(), [x]);
            case 1 when x.Type.Shape == y.Type.Shape:
                return g.Add(random.Next(2) == 0 ? new Add() : new Mul(), [x, y]);
            case 2 when x.Type.Shape[^1].IsConstant:
                var weights = new Tensor(ElementType.Float32, [x.Type.Shape[^1].Constant, random.Next(1, 70)]);
                return g.Add(new MatMul(ElementType.Float32), [x, g.Add(new Constant(weights), [])]);
            case 3:
                var max = g.Add(new Reduce(ReduceKind.Max, [last]), [x]);
                var e = g.Add(new Exp(), [g.Add(new Sub(), [x, max])]);
                return g.Add(new Div(), [e, g.Add(new Reduce(ReduceKind.Sum, [last]), [e])]);
            case 4 when x.Type.Shape == y.Type.Shape && !ReferenceEquals(x, y):
                return g.Add(new Concat(random.Next(rank)), [x, y]);
            case 5 when rank == 3:
                return g.Add(new Transpose([.. Enumerable.Range(0, rank).OrderBy(_ => random.Next())]), [x]);
            case 6 when rank == 3:
                return g.Add(new Reshape([x.Type.Shape[0] * x.Type.Shape[1], x.Type.Shape[2]]), [x]);
            default:
                return null;
        }
    }
}
