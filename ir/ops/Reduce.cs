using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Combines the elements along axes, which stay with extent 1. f16 and bf16 accumulate in f32. The root of ONNX ReduceSum, ReduceMax, ... ;
/// means and norms are made of it and elementwise operators. Lowered by the row and column schedules.
/// </summary>
public sealed record Reduce(ReduceKind Kind, ValueList<int> Axes) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var input = c.Input(0);
        if (Axes.Distinct().Count() != Axes.Count || Axes.Any(a => a < 0 || a >= input.Rank))
        {
            throw c.Error($"expects distinct axes of {input}, found {Axes}");
        }

        var isLogical = Kind is ReduceKind.And or ReduceKind.Or;
        c.ExpectElement(0, t => (t == ElementType.Bool) == isLogical || (t == ElementType.Bool && Kind is ReduceKind.Max or ReduceKind.Min),
            isLogical ? "bool" : "a tensor of numbers");
        c.Output(input.Element, new Shape([.. input.Shape.Dims.Select((d, axis) => Axes.Contains(axis) ? c.Dims.One : d)]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        var isFloat = input.Element.IsFloat();
        var floats = new double[output.Count];
        var integers = new long[output.Count];
        Array.Fill(floats, Kind switch
        {
            ReduceKind.Sum => 0, ReduceKind.Prod => 1, ReduceKind.Max => double.NegativeInfinity, _ => double.PositiveInfinity,
        });
        Array.Fill(integers, Kind.Neutral(input.Element) is Kernels.IntLiteral neutral ? neutral.Value : 0);
        var at = new BroadcastReader(output.Dims, input.Dims);
        for (var i = 0L; i < input.Count; i++)
        {
            var o = at.Offset(i);
            if (isFloat)
            {
                floats[o] = Combine(floats[o], input.GetDouble(i));
            }
            else
            {
                integers[o] = Combine(integers[o], input.GetLong(i), input.Element == ElementType.UInt64);
            }
        }

        for (var o = 0L; o < output.Count; o++)
        {
            if (isFloat)
            {
                output.SetDouble(o, floats[o]);
            }
            else
            {
                output.SetLong(o, integers[o]);
            }
        }
    }

    private double Combine(double a, double b) => Kind switch
    {
        ReduceKind.Sum => a + b,
        ReduceKind.Prod => a * b,
        ReduceKind.Max => Math.Max(a, b),
        ReduceKind.Min => Math.Min(a, b),
        _ => throw new InvalidOperationException($"{Kind} takes no floats"),
    };

    private long Combine(long a, long b, bool isUnsigned) => Kind switch
    {
        ReduceKind.Sum => a + b,
        ReduceKind.Prod => a * b,
        ReduceKind.Max => isUnsigned ? (long)Math.Max((ulong)a, (ulong)b) : Math.Max(a, b),
        ReduceKind.Min => isUnsigned ? (long)Math.Min((ulong)a, (ulong)b) : Math.Min(a, b),
        ReduceKind.And => a & b,
        ReduceKind.Or => a | b,
        _ => throw new InvalidOperationException($"unknown reduction {Kind}"),
    };

    /// <summary>Of several greatest (or least) elements each has an equal share of the derivative.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        var (x, y) = (c.Input(0), c.Output());
        c.Give(0, () =>
        {
            switch (Kind)
            {
                case ReduceKind.Sum:
                    return c.Repeated(c.Gradient(), x.Type.Shape);
                case ReduceKind.Max or ReduceKind.Min:
                    var isBest = c.IsEqual(x, y);
                    var count = c.Sum(c.As(isBest, OpWriter.Wide(x.Type.Element)), Axes);
                    return c.Choose(isBest, c.Over(c.Gradient(), c.As(count, x.Type.Element)), 0);
                case ReduceKind.Prod:
                    return OfProduct(c);
                default:
                    throw new InvalidOperationException($"{Kind} takes no floats");
            }
        });
    }

    /// <summary>Axis by axis the product of all other elements, without a division that zeros would break.</summary>
    private Value OfProduct(DifferentiateContext c)
    {
        var steps = new List<Value> { c.Input(0) };
        foreach (var axis in Axes.SkipLast(1))
        {
            steps.Add(c.Reduced(ReduceKind.Prod, steps[^1], axis));
        }

        var gradient = c.Gradient();
        for (var i = steps.Count - 1; i >= 0 && Axes.Count > 0; i--)
        {
            var before = c.Emit(new Cumulate(ReduceKind.Prod, Axes[i], IsExclusive: true, IsReverse: false), steps[i]);
            var after = c.Emit(new Cumulate(ReduceKind.Prod, Axes[i], IsExclusive: true, IsReverse: true), steps[i]);
            gradient = c.Times(gradient, c.Times(before, after));
        }

        return gradient;
    }
}
