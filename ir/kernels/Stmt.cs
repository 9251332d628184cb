using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>A statement of a kernel.</summary>
public abstract record Stmt;

/// <summary>Statements in order.</summary>
public sealed record BlockStmt(ValueList<Stmt> Body) : Stmt;

/// <summary>
/// <c>for (var = start; var &lt; end; var += 1)</c>. <paramref name="Reductions"/> of a <see cref="LoopKind.Vector"/> loop name the mutable
/// variables, declared outside, that lanes combine into by the given operator (Add, Mul, Min, Max, And, Or); the body updates them only
/// by <c>v = op(v, x)</c>. Lanes combine in an order that does not depend on threads.
/// </summary>
public sealed record ForStmt(Var Var, Expr Start, Expr End, LoopKind Kind, BlockStmt Body, ValueList<Reduction> Reductions) : Stmt;

/// <summary>A variable that a vector loop reduces into, and how.</summary>
public sealed record Reduction(Var Var, BinaryOp Op);

/// <summary>Binds an immutable variable for the rest of the enclosing block.</summary>
public sealed record LetStmt(Var Var, Expr Value) : Stmt;

/// <summary>Declares a mutable variable for the rest of the enclosing block. Declared inside a vector loop it has a value per lane.</summary>
public sealed record DeclareStmt(Var Var, Expr Initial) : Stmt;

/// <summary>Sets a mutable variable.</summary>
public sealed record AssignStmt(Var Var, Expr Value) : Stmt;

/// <summary>Writes element <paramref name="Index"/> of a buffer, where <paramref name="Mask"/> (bool, null for always) holds.</summary>
public sealed record StoreStmt(KernelBuffer Buffer, Expr Index, Expr Value, Expr? Mask) : Stmt;

/// <summary>Runs one side; in a vector loop lanes diverge.</summary>
public sealed record IfStmt(Expr Condition, BlockStmt Then, BlockStmt? Else) : Stmt;

/// <summary>Repeats while the condition holds; not inside a vector loop unless the condition is the same in all lanes.</summary>
public sealed record WhileStmt(Expr Condition, BlockStmt Body) : Stmt;

/// <summary>Makes a scratch or local buffer for the rest of the enclosing block; its content is undefined.</summary>
public sealed record AllocStmt(KernelBuffer Buffer) : Stmt;

/// <summary>All threads of the block arrive before any leaves; nothing on a CPU.</summary>
public sealed record BarrierStmt : Stmt;

/// <summary>
/// Reports message <paramref name="Message"/> (an index into <see cref="Kernel.Checks"/>) when the condition is false in any lane.
/// The kernel goes on: whoever emits a check also makes the access safe (clamps the index, masks the load).
/// </summary>
public sealed record CheckStmt(Expr Condition, int Message) : Stmt;

/// <summary>
/// Declares a register tile of <c>Rows x Columns</c> accumulators of <see cref="Tile.Type"/>, all set to <paramref name="Initial"/>.
/// </summary>
public sealed record TileDeclareStmt(Tile Tile, Expr Initial) : Stmt;

/// <summary>
/// <c>tile[r, c] += sum over k in [0, depth) of A[aBase + r*aRowStride + k*aDepthStride] * B[bBase + k*bDepthStride + c]</c>, for all rows
/// and columns of the tile. Columns of B are contiguous and padded to the tile's width. On x86 the tile stays in vector registers; a GPU
/// distributes it over threads or tensor cores. Operand types may be narrower than the tile's (f16 into f32, i8 into i32).
/// </summary>
public sealed record TileContractStmt(Tile Tile, Expr Depth,
    KernelBuffer A, Expr ABase, Expr ARowStride, Expr ADepthStride,
    KernelBuffer B, Expr BBase, Expr BDepthStride) : Stmt;

/// <summary>
/// <c>tile[r, c] += sum over k in [0, depth) of A(r, k) * B(k, c)</c> for rows below <paramref name="ValidRows"/> and columns below
/// <paramref name="ValidColumns"/> (at most those of the tile); what other elements hold afterwards is undefined. Operands are evaluated at valid
/// places only. The threads of the work item do it together.
/// </summary>
public sealed record TileProductStmt(Tile Tile, Expr Depth, Expr ValidRows, Expr ValidColumns, TileOperand A, TileOperand B) : Stmt;

/// <summary>
/// An operand of a tile product: its element at row <paramref name="Row"/> and column <paramref name="Column"/> is <paramref name="Value"/> after
/// <paramref name="Body"/>, which only names values. For A the column counts the depth, for B the row does.
/// </summary>
public sealed record TileOperand(Var Row, Var Column, BlockStmt Body, Expr Value);

/// <summary>
/// Attention in one pass over the keys: <c>tile[r, c] = sum over j in [first key, end) of p(r, j) * V(j, c)</c> for rows below <paramref name="ValidRows"/>,
/// where p(r, .) is the softmax of the scores of row r, rounded to the type of V, and a score is made by <paramref name="Score"/> from
/// <c>sum over k in [0, depth) of Q(r, k) * K(k, j)</c>. Declares the tile, whose columns are those of V. With no keys the sum is 0. A row whose scores
/// are all minus infinity is NaN, or 0 with <paramref name="EmptyIsZero"/>. The threads of the work item do it together.
/// </summary>
public sealed record TileAttentionStmt(Tile Tile, Expr Depth, Expr FirstKey, Expr End, Expr ValidRows, TileOperand Q, TileOperand K, TileScore Score,
    TileOperand V, bool EmptyIsZero) : Stmt
{
    /// <summary>Columns of a part behind those of V.</summary>
    public const int PartColumns = 2;

    /// <summary>
    /// The keys are a share of all, whose results are put together later: p(r, j) is <c>e^(score - m)</c> with m the greatest score of the share, or 0 where
    /// that is minus infinity. Two more columns of the tile hold that greatest score and the sum of p(r, .).
    /// </summary>
    public bool IsPart { get; init; }

    /// <summary>Columns of V.</summary>
    public int Columns => Tile.Columns - (IsPart ? PartColumns : 0);
}

/// <summary>
/// What becomes of an element of a product of queries and keys before the softmax: <paramref name="Value"/> after <paramref name="Body"/>, which only
/// names values. <paramref name="Element"/> is the product, of the tile's type, as the value is.
/// </summary>
public sealed record TileScore(Var Row, Var Key, Var Element, BlockStmt Body, Expr Value);

/// <summary>
/// Runs the body once for each tile element with column below <paramref name="ValidColumns"/>: <paramref name="Row"/> and
/// <paramref name="Column"/> count inside the tile and <paramref name="Element"/> is its value. Columns are vector lanes.
/// </summary>
public sealed record TileForEachStmt(Tile Tile, Var Row, Var Column, Var Element, Expr ValidColumns, BlockStmt Body) : Stmt
{
    /// <summary>Rows for which the body runs; null for all of the tile.</summary>
    public Expr? ValidRows { get; init; }
}

/// <summary>A register tile. Identity is the object.</summary>
public sealed class Tile(int id, int rows, int columns, ElementType type)
{
    public int Id { get; } = id;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public ElementType Type { get; } = type;
}
