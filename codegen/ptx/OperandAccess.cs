using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>How the elements of an operand lie in memory, as far as its text shows.</summary>
internal sealed class OperandAccess
{
    private readonly TileOperand operand;
    private readonly Dictionary<Var, Expr> names;

    internal OperandAccess(TileOperand operand)
    {
        this.operand = operand;
        names = operand.Body.Body.OfType<LetStmt>().ToDictionary(l => l.Var, l => l.Value);
        Load = names.Values.Append(operand.Value).Select(Unwrap).OfType<LoadExpr>().FirstOrDefault();
        IsPlain = operand.Body.Body.All(s => s is LetStmt let && IsCheap(let.Value)) && IsCheap(operand.Value);
    }

    /// <summary>The first load from memory, or null.</summary>
    internal LoadExpr? Load { get; }

    /// <summary>The operand is nothing but a load at an index without divisions, perhaps converted.</summary>
    internal bool IsPlain { get; }

    /// <summary>Whether elements that are neighbours along <paramref name="variable"/> are neighbours in memory.</summary>
    internal bool IsContiguous(Var variable) => Load is not null && HasTerm(Load.Index, variable);

    /// <summary>
    /// Whether the bytes of the operand in memory are those of <paramref name="stored"/>, and its index is linear in row and column, so that they can be
    /// copied as they are.
    /// </summary>
    internal bool IsCopy(ElementType stored) => IsPlain && Load is { } load && load.Type == stored && IsLinear(load.Index)
        && (ReferenceEquals(operand.Value, load) || (operand.Value is VarExpr read && names.TryGetValue(read.Var, out Expr? value) && ReferenceEquals(value, load)));

    private static Expr Unwrap(Expr expr) => expr is CastExpr cast ? Unwrap(cast.Operand) : expr;

    private bool HasTerm(Expr index, Var variable) => index switch
    {
        VarExpr read => ReferenceEquals(read.Var, variable) || (names.TryGetValue(read.Var, out Expr? value) && HasTerm(value, variable)),
        BinaryExpr { Op: BinaryOp.Add } sum => HasTerm(sum.Left, variable) || HasTerm(sum.Right, variable),
        BinaryExpr { Op: BinaryOp.Sub } difference => HasTerm(difference.Left, variable),
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

    private bool IsLinear(Expr expr) => expr switch
    {
        BinaryExpr { Op: BinaryOp.Add or BinaryOp.Sub } sum => IsLinear(sum.Left) && IsLinear(sum.Right),
        BinaryExpr { Op: BinaryOp.Mul } product => IsFixed(product.Left) ? IsLinear(product.Right) : IsFixed(product.Right) && IsLinear(product.Left),
        VarExpr read when names.TryGetValue(read.Var, out Expr? value) => IsLinear(value),
        IntLiteral or DimExpr or VarExpr => true,
        _ => false,
    };

    /// <summary>The same at all rows and columns.</summary>
    private bool IsFixed(Expr expr) => expr switch
    {
        IntLiteral or DimExpr => true,
        VarExpr read => !ReferenceEquals(read.Var, operand.Row) && !ReferenceEquals(read.Var, operand.Column)
            && (!names.TryGetValue(read.Var, out Expr? value) || IsFixed(value)),
        BinaryExpr binary => IsFixed(binary.Left) && IsFixed(binary.Right),
        _ => false,
    };
}
