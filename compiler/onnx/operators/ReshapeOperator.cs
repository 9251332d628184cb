using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Reshape: in the target, 0 takes the input's dim (unless <c>allowzero</c>) and -1 what is left. A target that is only known at run time
/// is computed there, and its dims become fresh symbols.
/// </summary>
internal sealed class ReshapeOperator : IOnnxOperator
{
    public string Type => "Reshape";

    public void Import(OnnxNode node)
    {
        var data = node.InputType(0);
        if (data.Shape.ElementCount(node.Dims).Is(1) && node.ElementCount(1) == 0)
        {
            node.SetOutput(0, node.Emit(new Reshape([]), node.Input(0)));
            return;
        }

        var shape = node.KnownDims(1) is { } target ? Resolve(node, data.Shape, target) : Compute(node, data.Shape);
        node.SetOutput(0, node.Emit(new Reshape(shape), node.Input(0)));
    }

    private static Shape Resolve(OnnxNode node, Shape from, Dim[] target)
    {
        var keepsZero = node.Flag("allowzero");
        var dims = new Dim[target.Length];
        var inferred = -1;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            var dim = node.Facts.Simplify(target[axis]);
            if (dim.Is(-1))
            {
                if (inferred >= 0)
                {
                    throw node.Error($"infers two dims of [{string.Join(", ", (object[])target)}]");
                }

                inferred = axis;
            }
            else if (dim.Is(0) && !keepsZero)
            {
                dims[axis] = axis < from.Rank ? from[axis] : throw node.Error($"takes dim {axis} of {from}, which has none");
            }
            else if (node.Facts.ProveLess(dim, 0) == Proof.True)
            {
                throw node.Error($"has a target dim {dim}");
            }
            else
            {
                dims[axis] = dim;
            }
        }

        if (inferred >= 0)
        {
            dims[inferred] = Infer(node, from, dims, inferred);
        }

        return new Shape([.. dims]);
    }

    /// <summary>The dim that makes the element counts equal.</summary>
    private static Dim Infer(OnnxNode node, Shape from, Dim[] dims, int inferred)
    {
        // What both sides have in common cancels: [B, S, 768] to [B, -1, 12, 64] needs no division by B. An extent of 0 leaves the quotient
        // open (0/0); the cancelled form is then as good as any.
        var (above, below) = (from.Dims.ToList(), dims.Where((_, axis) => axis != inferred).ToList());
        foreach (var dim in below.ToList())
        {
            if (above.Remove(dim))
            {
                below.Remove(dim);
            }
        }

        var (total, known) = (node.Facts.Simplify(node.Dims.Product(above)), node.Facts.Simplify(node.Dims.Product(below)));
        if (known.Is(0))
        {
            return node.Dims.Zero;
        }

        if (total.DivideExact(known) is { } exact)
        {
            return exact;
        }

        node.Require(total, Relation.Divisible, known, $"the reshape of {from}");
        return total.FloorDiv(known);
    }

    /// <summary>The target's dims with those that are data computed at run time: 0 and -1 resolved there, then bound.</summary>
    private static Shape Compute(OnnxNode node, Shape from)
    {
        var count = node.ElementCount(1);
        var keepsZero = node.Flag("allowzero");
        var (list, contents) = (node.Argument(1), node.Contents(1));
        var known = Enumerable.Range(0, count).Select(axis => contents?.Elements[axis].Dim).ToArray();
        var (zero, one) = (node.Scalar(ElementType.Int64, 0), node.Scalar(ElementType.Int64, 1));
        var elements = new Value[count];
        for (var axis = 0; axis < count; axis++)
        {
            if (known[axis] is not null)
            {
                continue;
            }

            var element = list.ElementAt(axis);
            elements[axis] = keepsZero || axis >= from.Rank
                ? element : node.Emit(new Where(), node.Emit(new Equal(), element, zero), node.Scalar(from[axis]), element);
        }

        if (known.Any(dim => dim is not null && dim.Is(-1)))
        {
            // The -1 stands in what is known, so that no datum may be one.
            return Resolve(node, from, [.. known.Select((dim, axis) => dim ?? node.Bind(elements[axis], "n"))]);
        }

        var sizes = Resolve(node, from, [.. known.Select(dim => dim ?? node.Dims.One)]);
        var product = node.Scalar(node.Dims.Product(sizes.Dims));
        foreach (var element in elements.Where(e => e is not null))
        {
            product = node.Emit(new Mul(), product, node.Emit(new Where(), node.Emit(new Less(), element, zero), one, element));
        }

        var rest = node.Emit(new Div(), node.Scalar(from.ElementCount(node.Dims)), product);
        return new Shape([.. elements.Select((element, axis) => element is null
            ? sizes[axis] : node.Bind(node.Emit(new Where(), node.Emit(new Less(), element, zero), rest, element), "n"))]);
    }
}
