using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>What a scatter does with the element that is there already.</summary>
public enum ScatterReduction : byte
{
    /// <summary>Overwrites it; of several updates to one place the last in row-major order stays.</summary>
    None,
    Add,
    Mul,
    Max,
    Min,
}

/// <summary>What each <see cref="ScatterReduction"/> computes.</summary>
internal static class ScatterReductions
{
    public static Expr Combine(this ScatterReduction reduction, Expr old, Expr update) => reduction switch
    {
        ScatterReduction.None => update,
        ScatterReduction.Add => old + update,
        ScatterReduction.Mul => old * update,
        ScatterReduction.Max => ExprFactory.Max(old, update),
        ScatterReduction.Min => ExprFactory.Min(old, update),
        _ => throw new InvalidOperationException($"unknown reduction {reduction}"),
    };

    /// <summary>The reference: combines element <paramref name="from"/> of the updates into element <paramref name="to"/>.</summary>
    public static void Apply(this ScatterReduction reduction, Tensor output, long to, Tensor updates, long from)
    {
        if (reduction == ScatterReduction.None)
        {
            output.CopyElement(to, updates, from);
        }
        else if (output.Element.IsFloat())
        {
            var (a, b) = (output.GetDouble(to), updates.GetDouble(from));
            output.SetDouble(to, reduction switch
            {
                ScatterReduction.Add => a + b,
                ScatterReduction.Mul => a * b,
                ScatterReduction.Max => Math.Max(a, b),
                _ => Math.Min(a, b),
            });
        }
        else
        {
            var (a, b) = (output.GetLong(to), updates.GetLong(from));
            var isLess = output.Element == ElementType.UInt64 ? (ulong)a < (ulong)b : a < b;
            output.SetLong(to, reduction switch
            {
                ScatterReduction.Add => a + b,
                ScatterReduction.Mul => a * b,
                ScatterReduction.Max => isLess ? b : a,
                _ => isLess ? a : b,
            });
        }
    }

    /// <summary>The derivatives of a scatter (data, indices, updates) with the gather that reads its places.</summary>
    public static void Differentiate(DifferentiateContext c, ScatterReduction reduction, Op scatter, Op gather)
    {
        var (data, indices, updates, gradient) = (c.Input(0), c.Input(1), c.Input(2), c.Gradient());
        Value At(Value value) => c.Emit(gather, value, indices);
        c.Give(0, () => reduction switch
        {
            ScatterReduction.None => c.Emit(scatter, gradient, indices, c.Zeros(updates.Type)),
            ScatterReduction.Add => gradient,
            ScatterReduction.Mul => c.Emit(scatter, gradient, indices, updates),
            _ => c.Choose(c.IsEqual(data, c.Output()), gradient, 0),
        });
        c.Give(2, () => reduction switch
        {
            ScatterReduction.None or ScatterReduction.Add => At(gradient),
            ScatterReduction.Mul => c.Over(At(c.Times(gradient, c.Output())), updates),
            _ => c.Choose(c.IsEqual(updates, At(c.Output())), At(gradient), 0),
        });
    }
}
