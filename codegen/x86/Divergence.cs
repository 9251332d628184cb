using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// Which variables differ between the lanes of one vector loop: those computed from its counter, loaded at places that differ, or assigned
/// where lanes took different ways. All other values are the same in every lane and stay scalar.
/// </summary>
internal sealed class Divergence
{
    private readonly HashSet<Var> varying = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<KernelBuffer> perLane = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expr, bool> known = new(ReferenceEqualityComparer.Instance);
    private bool changed;

    private Divergence()
    {
    }

    /// <summary>Of a loop body whose <paramref name="seeds"/> (the counter, reduced variables, ...) differ between lanes.</summary>
    internal static Divergence Of(BlockStmt body, params ReadOnlySpan<Var> seeds)
    {
        Divergence analysis = new();
        foreach (Var seed in seeds)
        {
            analysis.varying.Add(seed);
        }

        // What one statement learns may concern statements before it in a loop: repeat until nothing is new.
        do
        {
            analysis.changed = false;
            analysis.known.Clear();
            analysis.Visit(body, divergent: false);
        }
        while (analysis.changed);

        analysis.known.Clear();
        return analysis;
    }

    /// <summary>Whether a variable differs between lanes.</summary>
    internal bool IsVarying(Var variable) => varying.Contains(variable);

    /// <summary>Whether an expression differs between lanes.</summary>
    internal bool IsVarying(Expr? expr)
    {
        switch (expr)
        {
            case null or IntLiteral or FloatLiteral or DimExpr:
                return false;
            case VarExpr read:
                return varying.Contains(read.Var);
        }

        if (!known.TryGetValue(expr, out bool result))
        {
            known[expr] = result = expr switch
            {
                LoadExpr load => perLane.Contains(load.Buffer) || IsVarying(load.Index) || IsVarying(load.Mask),
                UnaryExpr unary => IsVarying(unary.Operand),
                BinaryExpr binary => IsVarying(binary.Left) || IsVarying(binary.Right),
                SelectExpr select => IsVarying(select.Condition) || IsVarying(select.Then) || IsVarying(select.Else),
                CastExpr cast => IsVarying(cast.Operand),
                BitcastExpr cast => IsVarying(cast.Operand),
                _ => throw new InvalidOperationException($"unknown expression {expr.GetType().Name}"),
            };
        }

        return result;
    }

    private void Visit(Stmt? statement, bool divergent)
    {
        switch (statement)
        {
            case null or BarrierStmt or CheckStmt or StoreStmt:
                break;
            case BlockStmt block:
                foreach (Stmt inner in block.Body)
                {
                    Visit(inner, divergent);
                }

                break;
            case ForStmt loop:
                // Lanes that leave a loop at different times also diverge inside it.
                bool uneven = IsVarying(loop.Start) || IsVarying(loop.End);
                MarkIf(loop.Var, uneven);
                Visit(loop.Body, divergent || uneven);
                break;
            case WhileStmt loop:
                Visit(loop.Body, divergent || IsVarying(loop.Condition));
                break;
            case LetStmt let:
                MarkIf(let.Var, IsVarying(let.Value));
                break;
            case DeclareStmt declare:
                MarkIf(declare.Var, IsVarying(declare.Initial));
                break;
            case AssignStmt assign:
                MarkIf(assign.Var, divergent || IsVarying(assign.Value));
                break;
            case IfStmt branch:
                bool split = divergent || IsVarying(branch.Condition);
                Visit(branch.Then, split);
                Visit(branch.Else, split);
                break;
            case AllocStmt alloc:
                changed |= perLane.Add(alloc.Buffer);
                break;
            default:
                throw new InvalidOperationException($"{statement.GetType().Name} cannot be inside a vector loop");
        }
    }

    private void MarkIf(Var variable, bool isVarying)
    {
        if (isVarying)
        {
            changed |= varying.Add(variable);
        }
    }
}
