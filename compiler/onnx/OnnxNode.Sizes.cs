using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <content>Sizes that come as tensors: known symbolically, or bound at run time.</content>
public sealed partial class OnnxNode
{
    /// <summary>The input's elements as dims where they are known, else null. A scalar gives one.</summary>
    public Dim[]? KnownDims(int input) => Contents(input)?.ToDims();

    /// <summary>The input's only element as a dim where it is known, else null.</summary>
    public Dim? KnownDim(int input) => KnownDims(input) is [var dim] ? dim : null;

    /// <summary>
    /// The input's elements as sizes: the known dims, else fresh symbols that are bound at run time to the data (a negative number is an error
    /// then). The number of elements must be known.
    /// </summary>
    public Dim[] Sizes(int input)
    {
        if (KnownDims(input) is { } known)
        {
            return known;
        }

        return [.. Enumerable.Range(0, ElementCount(input)).Select(Argument(input).SizeAt)];
    }

    /// <summary>The input's elements as the dims of a shape, as <see cref="Sizes"/>; a number below 0 is an error.</summary>
    public Shape TargetShape(int input)
    {
        var sizes = Sizes(input);
        foreach (var size in sizes)
        {
            if (Facts.ProveLess(size, 0) == Proof.True)
            {
                throw Error($"expects sizes as input {input}, found {size}", ErrorCodes.BadDim);
            }
        }

        return new Shape([.. sizes]);
    }

    /// <summary>The input's only element as a size, as <see cref="Sizes"/>.</summary>
    public Dim Size(int input)
    {
        RequireEqual(InputType(input).Shape.ElementCount(Dims), Dims.One, $"the count of numbers in input {input}");
        return Sizes(input)[0];
    }

    /// <summary>The number of elements of an input that lists numbers: it decides a rank and so must be known.</summary>
    public int ElementCount(int input)
    {
        var count = Facts.Simplify(InputType(input).Shape.ElementCount(Dims));
        if (Session.WrittenAsZero.Contains(count))
        {
            RequireEqual(count, Dims.Zero, $"the count of numbers in input {input}");
            return 0;
        }

        return count.IsConstant && count.Constant <= SymbolicTensor.MaximumElements
            ? (int)count.Constant : throw Unsupported($"input {input} with {count} numbers, where the count decides a rank");
    }

    /// <summary>
    /// A fresh symbol, at least 0, that is bound at run time to an i64 scalar. <paramref name="prefix"/> begins its name.
    /// </summary>
    public Dim Bind(Value scalar, string prefix)
    {
        var symbol = Dims.FreshSymbol(prefix);
        Facts.AssumeRange(symbol, 0, long.MaxValue, $"{Type} '{Origin}'");
        EmitNode(new BindDim(symbol), [scalar]);
        return symbol;
    }

    /// <summary>Numbers that must be known at compile time (axes, pads, ...), from an input.</summary>
    public long[] ConstantLongs(int input)
    {
        var constant = Constant(input) ?? throw Unsupported($"input {input} that is not known at compile time");
        var numbers = new long[constant.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = constant.GetLong(i);
        }

        return numbers;
    }

    /// <summary>
    /// Numbers that are an attribute in older operator sets and a constant input in newer ones (axes of Squeeze and of reductions); null where
    /// neither is given.
    /// </summary>
    public long[]? ConstantLongs(string attribute, int input) =>
        HasInput(input) ? ConstantLongs(input) : IntsOrNull(attribute);

    /// <summary>Axes, made non-negative and checked for repetition.</summary>
    public int[] Axes(IReadOnlyList<long> axes, int rank)
    {
        var normal = new int[axes.Count];
        for (var i = 0; i < normal.Length; i++)
        {
            normal[i] = Axis(axes[i], rank);
            if (normal.AsSpan(0, i).Contains(normal[i]))
            {
                throw Error($"names axis {axes[i]} twice");
            }
        }

        return normal;
    }

    /// <summary>Requires two dims to be equal: proved, refuted (an error) or guarded at run time.</summary>
    public void RequireEqual(Dim a, Dim b, string what) => Require(a, Relation.Equal, b, what);

    /// <summary>Requires a relation of dims: proved, refuted (an error) or guarded at run time.</summary>
    public void Require(Dim a, Relation relation, Dim b, string what)
    {
        try
        {
            Facts.Require(a, relation, b, $"{Type} '{Origin}': {what}");
        }
        catch (DimContradictionException e)
        {
            throw Error($"{what}: {e.Message}", ErrorCodes.BadDim);
        }
    }
}
