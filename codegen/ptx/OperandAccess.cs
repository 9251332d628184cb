using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>How the elements of an operand lie in memory, as far as its text shows.</summary>
internal static class OperandAccess
{
    /// <summary>Whether elements that are neighbours along <paramref name="variable"/> are neighbours in memory.</summary>
    internal static bool IsContiguous(TileOperand operand, Var variable)
    {
        Dictionary<Var, Expr> names = operand.Body.Body.OfType<LetStmt>().ToDictionary(l => l.Var, l => l.Value);
        LoadExpr? load = operand.Body.Body.OfType<LetStmt>().Select(l => l.Value).Append(operand.Value).Select(Unwrap).OfType<LoadExpr>().FirstOrDefault();
        return load is not null && HasTerm(load.Index, variable, names);
    }

    /// <summary>Whether the operand is nothing but a load at an index without divisions.</summary>
    internal static bool IsPlain(TileOperand operand) => operand.Body.Body.All(s => s is LetStmt let && IsCheap(let.Value)) && IsCheap(operand.Value);

    private static Expr Unwrap(Expr expr) => expr is CastExpr cast ? Unwrap(cast.Operand) : expr;

    private static bool HasTerm(Expr index, Var variable, Dictionary<Var, Expr> names) => index switch
    {
        VarExpr read => ReferenceEquals(read.Var, variable) || (names.TryGetValue(read.Var, out Expr? value) && HasTerm(value, variable, names)),
        BinaryExpr { Op: BinaryOp.Add } sum => HasTerm(sum.Left, variable, names) || HasTerm(sum.Right, variable, names),
        BinaryExpr { Op: BinaryOp.Sub } difference => HasTerm(difference.Left, variable, names),
        _ => false,
    };

    private static bool IsCheap(Expr expr) => expr switch
    {
        LoadExpr load => load.Mask is null && IsCheap(load.Index),
        CastExpr cast => IsCheap(cast.Operand),
        BinaryExpr { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul } binary => IsCheap(binary.Left) && IsCheap(binary.Right),
        IntLiteral or FloatLiteral or DimExpr or VarExpr => true,
        _ => false,
    };
}
