using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// A rough count of the instructions that code emits for a loop body once, shared expressions counted once a statement; decides whether the
/// body may be repeated.
/// </summary>
internal sealed class BodyCost
{
    // What a function emitted in place takes, against one for an addition.
    private const int Transcendental = 25;
    private const int Call = 40;

    private readonly HashSet<Expr> seen = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether the body holds a loop or a branch.</summary>
    internal bool HasControlFlow { get; private set; }

    /// <summary>Instructions, about.</summary>
    internal int Instructions { get; private set; }

    internal static BodyCost Of(Stmt body)
    {
        BodyCost cost = new();
        cost.Visit(body);
        return cost;
    }

    private void Visit(Stmt? statement)
    {
        seen.Clear();
        switch (statement)
        {
            case BlockStmt block:
                foreach (Stmt inner in block.Body)
                {
                    Visit(inner);
                }

                break;
            case ForStmt loop:
                HasControlFlow = true;
                Visit(loop.Body);
                break;
            case WhileStmt loop:
                HasControlFlow = true;
                Visit(loop.Body);
                break;
            case IfStmt branch:
                HasControlFlow = true;
                Add(branch.Condition);
                Visit(branch.Then);
                Visit(branch.Else);
                break;
            case LetStmt let:
                Add(let.Value);
                break;
            case DeclareStmt declare:
                Add(declare.Initial);
                break;
            case AssignStmt assign:
                Add(assign.Value);
                break;
            case CheckStmt check:
                Add(check.Condition);
                Instructions += 3;
                break;
            case StoreStmt store:
                Instructions++;
                Add(store.Index);
                Add(store.Value);
                Add(store.Mask);
                break;
            case TileDeclareStmt or TileContractStmt or TileForEachStmt:
                HasControlFlow = true;
                break;
        }
    }

    private void Add(Expr? expr)
    {
        if (expr is null or IntLiteral or FloatLiteral or DimExpr or VarExpr || !seen.Add(expr))
        {
            return;
        }

        switch (expr)
        {
            case LoadExpr load:
                Instructions++;
                Add(load.Index);
                Add(load.Mask);
                break;
            case UnaryExpr unary:
                Instructions += unary.Op switch
                {
                    UnaryOp.Exp or UnaryOp.Log or UnaryOp.Tanh or UnaryOp.Erf => Transcendental,
                    >= UnaryOp.Sin and <= UnaryOp.Atanh => Call,
                    _ => 1,
                };
                Add(unary.Operand);
                break;
            case BinaryExpr binary:
                // Arithmetic on indices mostly disappears into addresses.
                Instructions += binary.Op switch
                {
                    BinaryOp.Pow or BinaryOp.Atan2 => Call,
                    BinaryOp.FloorDiv or BinaryOp.Mod or BinaryOp.Rem => Transcendental,
                    _ => binary.Type == IR.ElementType.Int64 ? 0 : 1,
                };
                Add(binary.Left);
                Add(binary.Right);
                break;
            case SelectExpr select:
                Instructions++;
                Add(select.Condition);
                Add(select.Then);
                Add(select.Else);
                break;
            case CastExpr cast:
                Instructions++;
                Add(cast.Operand);
                break;
            case BitcastExpr cast:
                Add(cast.Operand);
                break;
        }
    }
}
