using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Einsum in general: diagonals, ellipses, implicit outputs, any number of operands. Two operands at a time become a matrix product whose
/// batch axes are the letters that both have and that are still needed, or a broadcast product where nothing is summed.
/// </summary>
internal sealed class EinsumOperator : IOnnxOperator
{
    public string Type => "Einsum";

    public void Import(OnnxNode node)
    {
        var equation = EinsumEquation.Parse(node, node.String("equation"), [.. node.Inputs().Select(v => v.Type.Rank)]);
        var terms = node.Inputs().Select((value, i) => Diagonal(node, new Term(value, equation.Inputs[i]))).ToList();
        var result = terms[0];
        for (var i = 1; i < terms.Count; i++)
        {
            var needed = terms.Skip(i + 1).SelectMany(t => t.Labels).Concat(equation.Output).ToHashSet();
            result = Combine(node, result, terms[i], needed);
        }

        result = SumOut(node, result, label => !equation.Output.Contains(label));
        node.SetOutput(0, node.Permuted(result.Value, equation.Output.Select(label => result.Labels.IndexOf(label))));
    }

    /// <summary>A repeated letter takes the diagonal: 0 elsewhere, summed.</summary>
    private static Term Diagonal(OnnxNode node, Term term)
    {
        var (value, labels) = (term.Value, term.Labels.ToList());
        for (var axis = labels.Count - 1; axis > 0; axis--)
        {
            var first = labels.IndexOf(labels[axis]);
            if (first == axis)
            {
                continue;
            }

            var shape = value.Type.Shape;
            node.RequireEqual(shape[first], shape[axis], $"the axes '{labels[axis]}'");
            Value Position(int at) => node.Along(node.Emit(new Iota(ElementType.Int64, [shape[at]], 0)), at, shape.Rank);
            var diagonal = node.Choose(node.IsEqual(Position(first), Position(axis)), value, 0);
            value = node.Squeezed(node.Sum(diagonal, axis), axis);
            labels.RemoveAt(axis);
        }

        return new Term(value, labels);
    }

    private static Term SumOut(OnnxNode node, Term term, Func<int, bool> isGone)
    {
        var axes = Enumerable.Range(0, term.Labels.Count).Where(axis => isGone(term.Labels[axis])).ToArray();
        return axes.Length == 0 ? term : new Term(
            node.Squeezed(node.Sum(term.Value, axes), axes), [.. term.Labels.Where(label => !isGone(label))]);
    }

    private static Term Combine(OnnxNode node, Term a, Term b, HashSet<int> needed)
    {
        a = SumOut(node, a, label => !needed.Contains(label) && !b.Labels.Contains(label));
        b = SumOut(node, b, label => !needed.Contains(label) && !a.Labels.Contains(label));
        var shared = a.Labels.Where(b.Labels.Contains).ToList();
        var summed = shared.Where(label => !needed.Contains(label)).ToList();
        var batch = shared.Except(summed).ToList();
        var (onlyA, onlyB) = (a.Labels.Except(shared).ToList(), b.Labels.Except(shared).ToList());
        if (summed.Count == 0)
        {
            List<int> all = [.. batch, .. onlyA, .. onlyB];
            return new Term(node.Times(Aligned(node, a, all), Aligned(node, b, all)), all);
        }

        // Letters that are summed must agree; a product of extents says less than each of them.
        foreach (var label in summed)
        {
            node.RequireEqual(a.Dim(label), b.Dim(label), "the axes of a letter that is summed");
        }

        Dim Size(Term term, List<int> labels) => node.Dims.Product(labels.Select(term.Dim));
        Value Matrix(Term term, List<int> rows, List<int> columns)
        {
            var ordered = node.Permuted(term.Value, new[] { batch, rows, columns }.SelectMany(l => l).Select(l => term.Labels.IndexOf(l)));
            return node.Shaped(ordered, new Shape([.. batch.Select(term.Dim), Size(term, rows), Size(term, columns)]));
        }

        var product = node.Multiplied(Matrix(a, onlyA, summed), Matrix(b, summed, onlyB));
        var shape = new Shape([.. product.Type.Shape.Dims[..batch.Count], .. onlyA.Select(a.Dim), .. onlyB.Select(b.Dim)]);
        return new Term(node.Shaped(product, shape), [.. batch, .. onlyA, .. onlyB]);
    }

    /// <summary>The term with its axes in an order, and an extent of 1 where it has none.</summary>
    private static Value Aligned(OnnxNode node, Term term, List<int> labels)
    {
        var ordered = node.Permuted(term.Value, labels.Where(term.Labels.Contains).Select(label => term.Labels.IndexOf(label)));
        return node.Unsqueezed(ordered, Enumerable.Range(0, labels.Count).Where(i => !term.Labels.Contains(labels[i])));
    }

    private sealed record Term(Value Value, List<int> Labels)
    {
        public Dim Dim(int label) => Value.Type.Shape[Labels.IndexOf(label)];
    }
}
