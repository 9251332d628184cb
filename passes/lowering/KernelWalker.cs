using Dlc.IR.Kernels;

namespace Dlc.Passes.Lowering;

/// <summary>Visits the expressions of statements.</summary>
internal static class KernelWalker
{
    /// <summary>Every memory access with its index, and every expression that is no index.</summary>
    public static void Visit(Stmt statement, Action<Expr> onIndex, Action<Expr> onValue)
    {
        switch (statement)
        {
            case BlockStmt block:
                foreach (var inner in block.Body)
                {
                    Visit(inner, onIndex, onValue);
                }

                break;
            case ForStmt loop:
                VisitValue(loop.Start, onIndex, onValue);
                VisitValue(loop.End, onIndex, onValue);
                Visit(loop.Body, onIndex, onValue);
                break;
            case LetStmt let:
                VisitValue(let.Value, onIndex, onValue);
                break;
            case DeclareStmt declare:
                VisitValue(declare.Initial, onIndex, onValue);
                break;
            case AssignStmt assign:
                VisitValue(assign.Value, onIndex, onValue);
                break;
            case StoreStmt store:
                onIndex(store.Index);
                VisitValue(store.Value, onIndex, onValue);
                if (store.Mask is not null)
                {
                    VisitValue(store.Mask, onIndex, onValue);
                }

                break;
            case IfStmt branch:
                VisitValue(branch.Condition, onIndex, onValue);
                Visit(branch.Then, onIndex, onValue);
                if (branch.Else is not null)
                {
                    Visit(branch.Else, onIndex, onValue);
                }

                break;
            case WhileStmt loop:
                VisitValue(loop.Condition, onIndex, onValue);
                Visit(loop.Body, onIndex, onValue);
                break;
            case CheckStmt check:
                VisitValue(check.Condition, onIndex, onValue);
                break;
            case AllocStmt or BarrierStmt:
                break;
            default:
                throw new InvalidOperationException($"unknown statement {statement.GetType().Name}");
        }
    }

    private static void VisitValue(Expr expr, Action<Expr> onIndex, Action<Expr> onValue)
    {
        switch (expr)
        {
            case LoadExpr load:
                onIndex(load.Index);
                if (load.Mask is not null)
                {
                    VisitValue(load.Mask, onIndex, onValue);
                }

                break;
            case UnaryExpr unary:
                VisitValue(unary.Operand, onIndex, onValue);
                break;
            case BinaryExpr binary:
                VisitValue(binary.Left, onIndex, onValue);
                VisitValue(binary.Right, onIndex, onValue);
                break;
            case SelectExpr select:
                VisitValue(select.Condition, onIndex, onValue);
                VisitValue(select.Then, onIndex, onValue);
                VisitValue(select.Else, onIndex, onValue);
                break;
            case CastExpr cast:
                VisitValue(cast.Operand, onIndex, onValue);
                break;
            case BitcastExpr cast:
                VisitValue(cast.Operand, onIndex, onValue);
                break;
            default:
                onValue(expr);
                break;
        }
    }
}
