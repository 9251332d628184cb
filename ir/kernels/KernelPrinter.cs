using System.Globalization;
using System.Text;

namespace Dlc.IR.Kernels;

/// <summary>Writes a kernel as indented text for people: dumps, golden files and error reports.</summary>
public static class KernelPrinter
{
    public static string Print(Kernel kernel)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"kernel {kernel.Name}(");
        text.AppendJoin(", ", kernel.Parameters.Select(p => $"{(p.IsWritten ? "out " : string.Empty)}{p}: {p.Type.ShortName()}"));
        text.AppendLine(kernel.ThreadsPerItem == 1 ? ")" : string.Create(CultureInfo.InvariantCulture, $") by {kernel.ThreadsPerItem} threads"));
        foreach (var slot in kernel.Scratch)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  scratch {slot.Buffer}: {slot.Buffer.Type.ShortName()}[{slot.Buffer.Count}] at {slot.Offset}");
        }

        Print(kernel.Body, text, 1);
        for (var i = 0; i < kernel.Checks.Count; i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  message {i}: {kernel.Checks[i]}");
        }

        return text.ToString();
    }

    private static void Print(Stmt statement, StringBuilder text, int depth)
    {
        if (statement is BlockStmt block)
        {
            foreach (var inner in block.Body)
            {
                Print(inner, text, depth);
            }

            return;
        }

        text.Append(' ', depth * 2);
        switch (statement)
        {
            case ForStmt loop:
                var reductions = loop.Reductions.Count == 0 ? string.Empty
                    : $" reduce {string.Join(", ", loop.Reductions.Select(r => $"{r.Op} {r.Var}"))}";
                Line(text, $"{loop.Kind.ToString().ToLowerInvariant()} {loop.Var} in {Text(loop.Start)} .. {Text(loop.End)}{reductions}");
                Print(loop.Body, text, depth + 1);
                break;
            case LetStmt let:
                Line(text, $"let {let.Var}: {let.Var.Type.ShortName()} = {Text(let.Value)}");
                break;
            case DeclareStmt declare:
                Line(text, $"var {declare.Var}: {declare.Var.Type.ShortName()} = {Text(declare.Initial)}");
                break;
            case AssignStmt assign:
                Line(text, $"{assign.Var} = {Text(assign.Value)}");
                break;
            case StoreStmt store:
                Line(text, $"{store.Buffer}[{Text(store.Index)}] = {Text(store.Value)}{(store.Mask is null ? string.Empty : $" if {Text(store.Mask)}")}");
                break;
            case IfStmt branch:
                Line(text, $"if {Text(branch.Condition)}");
                Print(branch.Then, text, depth + 1);
                if (branch.Else is not null)
                {
                    text.Append(' ', depth * 2).AppendLine("else");
                    Print(branch.Else, text, depth + 1);
                }

                break;
            case WhileStmt loop:
                Line(text, $"while {Text(loop.Condition)}");
                Print(loop.Body, text, depth + 1);
                break;
            case AllocStmt alloc:
                Line(text, $"alloc {alloc.Buffer}: {alloc.Buffer.Type.ShortName()}[{alloc.Buffer.Count}] {alloc.Buffer.Space.ToString().ToLowerInvariant()}");
                break;
            case BarrierStmt:
                text.AppendLine("barrier");
                break;
            case CheckStmt check:
                Line(text, $"check {check.Message}: {Text(check.Condition)}");
                break;
            case TileDeclareStmt declare:
                Line(text, $"tile t{declare.Tile.Id}: {declare.Tile.Type.ShortName()}[{declare.Tile.Rows} x {declare.Tile.Columns}] = {Text(declare.Initial)}");
                break;
            case TileContractStmt c:
                Line(text, $"t{c.Tile.Id} += {c.A}[{Text(c.ABase)} + r*{Text(c.ARowStride)} + k*{Text(c.ADepthStride)}] * "
                    + $"{c.B}[{Text(c.BBase)} + k*{Text(c.BDepthStride)} + c] over k in {Text(c.Depth)}");
                break;
            case TileProductStmt p:
                Line(text, $"t{p.Tile.Id} += product over {Text(p.Depth)} of rows < {Text(p.ValidRows)} and columns < {Text(p.ValidColumns)}");
                Print($"operand at {p.A.Row}, {p.A.Column}", p.A.Body, p.A.Value, text, depth + 1);
                Print($"operand at {p.B.Row}, {p.B.Column}", p.B.Body, p.B.Value, text, depth + 1);
                break;
            case TileAttentionStmt a:
                Line(text, $"t{a.Tile.Id}: {a.Tile.Type.ShortName()}[{a.Tile.Rows} x {a.Tile.Columns}] = {(a.IsPart ? "part of attention" : "attention")} over keys "
                    + $"{Text(a.FirstKey)} .. {Text(a.End)} of depth {Text(a.Depth)} for rows < {Text(a.ValidRows)}{(a.EmptyIsZero ? ", 0 where no key is seen" : string.Empty)}");
                Print($"queries at {a.Q.Row}, {a.Q.Column}", a.Q.Body, a.Q.Value, text, depth + 1);
                Print($"keys at {a.K.Row}, {a.K.Column}", a.K.Body, a.K.Value, text, depth + 1);
                Print($"score of {a.Score.Element} at {a.Score.Row}, {a.Score.Key}", a.Score.Body, a.Score.Value, text, depth + 1);
                Print($"values at {a.V.Row}, {a.V.Column}", a.V.Body, a.V.Value, text, depth + 1);
                break;
            case TileForEachStmt each:
                var rows = each.ValidRows is null ? string.Empty : $" < {Text(each.ValidRows)}";
                Line(text, $"each {each.Element} of t{each.Tile.Id} at {each.Row}{rows}, {each.Column} < {Text(each.ValidColumns)}");
                Print(each.Body, text, depth + 1);
                break;
            default:
                throw new InvalidOperationException($"unknown statement {statement.GetType().Name}");
        }
    }

    /// <summary>A body that names values, and the value that it is for.</summary>
    private static void Print(string title, BlockStmt body, Expr value, StringBuilder text, int depth)
    {
        text.Append(' ', depth * 2);
        Line(text, title);
        Print(body, text, depth + 1);
        text.Append(' ', (depth + 1) * 2);
        Line(text, Text(value));
    }

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);

    /// <summary>One expression as text.</summary>
    public static string Text(Expr expr) => expr switch
    {
        IntLiteral { Type: ElementType.Bool } b => b.Value != 0 ? "true" : "false",
        IntLiteral i => i.Type == ElementType.Int64 ? i.Value.ToString(CultureInfo.InvariantCulture) : $"{i.Value.ToString(CultureInfo.InvariantCulture)}{i.Type.ShortName()}",
        FloatLiteral f => $"{f.Value.ToString("R", CultureInfo.InvariantCulture)}{(f.Type == ElementType.Float32 ? "f" : f.Type.ShortName())}",
        DimExpr d => $"<{d.Dim}>",
        VarExpr v => v.Var.ToString(),
        LoadExpr l => $"{l.Buffer}[{Text(l.Index)}{(l.Mask is null ? string.Empty : $" if {Text(l.Mask)}")}]",
        UnaryExpr u => $"{u.Op.ToString().ToLowerInvariant()}({Text(u.Operand)})",
        BinaryExpr b => Infix(b.Op) is { } infix
            ? $"({Text(b.Left)} {infix} {Text(b.Right)})"
            : $"{b.Op.ToString().ToLowerInvariant()}({Text(b.Left)}, {Text(b.Right)})",
        SelectExpr s => $"({Text(s.Condition)} ? {Text(s.Then)} : {Text(s.Else)})",
        CastExpr c => $"{c.Type.ShortName()}({Text(c.Operand)})",
        BitcastExpr c => $"bits.{c.Type.ShortName()}({Text(c.Operand)})",
        _ => throw new InvalidOperationException($"unknown expression {expr.GetType().Name}"),
    };

    private static string? Infix(BinaryOp op) => op switch
    {
        BinaryOp.Add => "+",
        BinaryOp.Sub => "-",
        BinaryOp.Mul => "*",
        BinaryOp.Div => "/",
        BinaryOp.And => "&",
        BinaryOp.Or => "|",
        BinaryOp.Xor => "^",
        BinaryOp.Equal => "==",
        BinaryOp.NotEqual => "!=",
        BinaryOp.Less => "<",
        BinaryOp.LessOrEqual => "<=",
        _ => null,
    };
}
