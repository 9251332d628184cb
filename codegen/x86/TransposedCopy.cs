using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// A serial loop over k around a vector loop over v that stores neighbours in v but loads neighbours in k: a transposition, as packing a
/// transposed matrix is. Instead of gathering it can move square blocks through registers.
/// </summary>
/// <param name="Outer">The loop over k.</param>
/// <param name="Inner">The loop over v.</param>
/// <param name="Load">The one load; its index moves by 1 with k.</param>
/// <param name="Store">The one store, its index and value free of lets.</param>
internal sealed record TransposedCopy(ForStmt Outer, ForStmt Inner, LoadExpr Load, StoreStmt Store)
{
    /// <summary>Recognises the loops; null when they are anything else.</summary>
    internal static TransposedCopy? Match(ForStmt outer)
    {
        if (outer.Kind != LoopKind.Serial || outer.Body.Body.Count != 1
            || outer.Body.Body[0] is not ForStmt { Kind: LoopKind.Vector, Reductions.Count: 0 } inner
            || inner.Body.Body.Count == 0 || inner.Body.Body[^1] is not StoreStmt { Mask: null } store)
        {
            return null;
        }

        Inliner inliner = new();
        for (int i = 0; i < inner.Body.Body.Count - 1; i++)
        {
            if (inner.Body.Body[i] is not LetStmt let)
            {
                return null;
            }

            inliner.Define(let.Var, inliner.Rewrite(let.Value));
        }

        Expr index = inliner.Rewrite(store.Index);
        Expr value = inliner.Rewrite(store.Value);
        if (inliner.Loads.Count != 1)
        {
            return null;
        }

        LoadExpr load = inliner.Loads[0];
        bool isTransposed = load.Mask is null && !ReferenceEquals(load.Buffer, store.Buffer)
            && Stride(load.Index, outer.Var) == 1 && Stride(load.Index, inner.Var) is not (0 or 1) && Stride(index, inner.Var) == 1;
        return isTransposed ? new TransposedCopy(outer, inner, load, store with { Index = index, Value = value }) : null;
    }

    /// <summary>How much an index changes when the variable grows by 1; null when that is no constant.</summary>
    private static long? Stride(Expr expr, Var variable)
    {
        switch (expr)
        {
            case IntLiteral or DimExpr:
                return 0;
            case VarExpr read:
                return ReferenceEquals(read.Var, variable) ? 1 : 0;
            case UnaryExpr { Op: UnaryOp.Neg } negation:
                return -Stride(negation.Operand, variable);
            case BinaryExpr binary:
                long? left = Stride(binary.Left, variable);
                long? right = Stride(binary.Right, variable);
                return (binary.Op, left, right) switch
                {
                    (BinaryOp.Add, _, _) => left + right,
                    (BinaryOp.Sub, _, _) => left - right,
                    (_, 0, 0) => 0,
                    (BinaryOp.Mul, not null, 0) when binary.Right is IntLiteral factor => left * factor.Value,
                    (BinaryOp.Mul, 0, not null) when binary.Left is IntLiteral factor => right * factor.Value,
                    _ => null,
                };
            default:
                return null;
        }
    }

    /// <summary>Replaces variables by what they are bound to and collects loads; keeps shared parts shared.</summary>
    private sealed class Inliner
    {
        private readonly Dictionary<Var, Expr> values = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<Expr, Expr> rewritten = new(ReferenceEqualityComparer.Instance);

        internal List<LoadExpr> Loads { get; } = [];

        internal void Define(Var variable, Expr value) => values[variable] = value;

        internal Expr Rewrite(Expr expr)
        {
            if (!rewritten.TryGetValue(expr, out Expr? result))
            {
                result = expr switch
                {
                    VarExpr read => values.TryGetValue(read.Var, out Expr? value) ? value : expr,
                    LoadExpr load => Collect(load with { Index = Rewrite(load.Index), Mask = load.Mask is null ? null : Rewrite(load.Mask) }),
                    UnaryExpr unary => unary with { Operand = Rewrite(unary.Operand) },
                    BinaryExpr binary => binary with { Left = Rewrite(binary.Left), Right = Rewrite(binary.Right) },
                    SelectExpr select => select with
                    {
                        Condition = Rewrite(select.Condition),
                        Then = Rewrite(select.Then),
                        Else = Rewrite(select.Else),
                    },
                    CastExpr cast => cast with { Operand = Rewrite(cast.Operand) },
                    BitcastExpr cast => cast with { Operand = Rewrite(cast.Operand) },
                    _ => expr,
                };
                rewritten[expr] = result;
            }

            return result;
        }

        private LoadExpr Collect(LoadExpr load)
        {
            Loads.Add(load);
            return load;
        }
    }
}
