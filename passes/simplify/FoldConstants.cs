using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Computes at compile time what depends on constants alone: small results by the reference semantics, views and arithmetic of weights by
/// <see cref="ConstantMath"/>. Results larger than what they are made of (an expanded mask) stay to be computed where they are used.
/// </summary>
public sealed class FoldConstants : Rewrite
{
    /// <summary>Steps of the reference evaluators (some ten nanoseconds each) that one node may take.</summary>
    private const long MaximalSteps = 1 << 22;

    public override string Name => "fold-constants";

    protected override Value? Replace(Match match)
    {
        if (match.Op is Constant or Reshape { To.IsStatic: false } || !match.Op.IsPure || !match.Type.Shape.IsStatic)
        {
            return null;
        }

        var inputs = new Tensor[match.Inputs.Length];
        var inputBytes = 0L;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (match.Constant(i) is not { } tensor)
            {
                return null;
            }

            inputs[i] = tensor;
            inputBytes += tensor.Bytes.Length;
        }

        var dims = match.Type.Shape.ToNumbers();
        if (!TryBytes(dims, match.Type.Element, out var bytes) || bytes > Math.Max(match.Context.MaximalFoldedBytes, inputBytes)
            || (match.Op is Broadcast && bytes > 1024))
        {
            return null;
        }

        var folded = ConstantMath.Evaluate(match.Op, inputs, match.Type.Element, dims) ?? Evaluate(match, inputs, dims);
        return folded is null ? null : match.Make(new Constant(folded));
    }

    private static Tensor? Evaluate(Match match, Tensor[] inputs, long[] dims)
    {
        var steps = RowMajor.Count(dims);
        if (match.Op is MatMul)
        {
            steps = steps > MaximalSteps ? steps : steps * inputs[0].Dims[^1];
        }
        else if (match.Op is Conv)
        {
            steps = steps > MaximalSteps ? steps : steps * (inputs[1].Count / Math.Max(1, inputs[1].Dims[0]));
        }

        if (Math.Max(steps, inputs.Sum(t => t.Count)) > MaximalSteps)
        {
            return null;
        }

        var context = new EvaluateContext(inputs, dim => throw new InvalidOperationException($"the dim {dim} is not a number"), [match.Type]);
        try
        {
            match.Op.Evaluate(context);
        }
        catch (Exception e) when (e is DlcException and not InternalCompilerException or InvalidOperationException or OverflowException)
        {
            // An error in the data, or a size that is not known: it stays for the run to find.
            return null;
        }

        return context.Outputs[0];
    }

    private static bool TryBytes(long[] dims, ElementType element, out long bytes)
    {
        bytes = element.Bytes();
        try
        {
            foreach (var dim in dims)
            {
                bytes = checked(bytes * dim);
            }
        }
        catch (OverflowException)
        {
            return false;
        }

        return bytes <= int.MaxValue;
    }
}
