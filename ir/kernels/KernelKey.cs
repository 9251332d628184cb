using System.Globalization;
using System.Text;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// Writes a kernel with variables, buffers, tiles and dims numbered by first occurrence: equal text means equal code. The dims in the
/// order of their numbers are the kernel's dim parameters.
/// </summary>
internal sealed class KernelKey
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);

    public List<Dim> Dims { get; } = [];

    public string Of(IReadOnlyList<KernelBuffer> parameters, IReadOnlyList<ScratchSlot> scratch, ForStmt body)
    {
        foreach (var parameter in parameters)
        {
            Write($"p{Number(parameter)}:{parameter.Type}:{(int)parameter.Space}:{(parameter.IsWritten ? 1 : 0)};");
        }

        foreach (var slot in scratch)
        {
            Write($"s{Number(slot.Buffer)}:{slot.Buffer.Type}@");
            Visit(ExprFactory.Dim(slot.Offset));
        }

        Visit(body);
        return _text.ToString();
    }

    private int Number(object item)
    {
        if (!_numbers.TryGetValue(item, out var number))
        {
            number = _numbers.Count;
            _numbers.Add(item, number);
            if (item is Dim dim)
            {
                Dims.Add(dim);
            }
        }

        return number;
    }

    private void Write(FormattableString text) => _text.Append(text.ToString(CultureInfo.InvariantCulture));

    private void Visit(Stmt? statement)
    {
        switch (statement)
        {
            case null:
                Write($"~");
                break;
            case BlockStmt block:
                Write($"{{");
                foreach (var inner in block.Body)
                {
                    Visit(inner);
                }

                Write($"}}");
                break;
            case ForStmt loop:
                Write($"for{(int)loop.Kind} v{Number(loop.Var)} ");
                Visit(loop.Start);
                Visit(loop.End);
                foreach (var reduction in loop.Reductions)
                {
                    Write($"r{Number(reduction.Var)}:{(int)reduction.Op} ");
                }

                Visit(loop.Body);
                break;
            case LetStmt let:
                Visit(let.Value);
                Write($"let v{Number(let.Var)};");
                break;
            case DeclareStmt declare:
                Visit(declare.Initial);
                Write($"var v{Number(declare.Var)};");
                break;
            case AssignStmt assign:
                Write($"set v{Number(assign.Var)} ");
                Visit(assign.Value);
                break;
            case StoreStmt store:
                Write($"st b{Number(store.Buffer)} ");
                Visit(store.Index);
                Visit(store.Value);
                Visit(store.Mask);
                break;
            case IfStmt branch:
                Write($"if ");
                Visit(branch.Condition);
                Visit(branch.Then);
                Visit(branch.Else);
                break;
            case WhileStmt loop:
                Write($"while ");
                Visit(loop.Condition);
                Visit(loop.Body);
                break;
            case AllocStmt alloc:
                Write($"alloc b{Number(alloc.Buffer)}:{alloc.Buffer.Type}:{(int)alloc.Buffer.Space}");
                if (alloc.Buffer.Space is AddressSpace.Local or AddressSpace.Shared)
                {
                    Write($"x{alloc.Buffer.Count!.Constant}");
                }

                Write($";");
                break;
            case BarrierStmt:
                Write($"barrier;");
                break;
            case CheckStmt check:
                Write($"check{check.Message} ");
                Visit(check.Condition);
                break;
            case TileDeclareStmt declare:
                Write($"tile t{Number(declare.Tile)}:{declare.Tile.Rows}x{declare.Tile.Columns}:{declare.Tile.Type} ");
                Visit(declare.Initial);
                break;
            case TileContractStmt contract:
                Write($"mma t{Number(contract.Tile)} a{Number(contract.A)} b{Number(contract.B)} ");
                Visit(contract.Depth);
                Visit(contract.ABase);
                Visit(contract.ARowStride);
                Visit(contract.ADepthStride);
                Visit(contract.BBase);
                Visit(contract.BDepthStride);
                break;
            case TileProductStmt product:
                Write($"dot t{Number(product.Tile)} ");
                Visit(product.Depth);
                Visit(product.ValidRows);
                Visit(product.ValidColumns);
                Visit(product.A);
                Visit(product.B);
                break;
            case TileAttentionStmt attention:
                var (tile, score) = (attention.Tile, attention.Score);
                Write($"attend{(attention.EmptyIsZero ? 1 : 0)}{(attention.IsPart ? 1 : 0)} t{Number(tile)}:{tile.Rows}x{tile.Columns}:{tile.Type} ");
                Visit(attention.Depth);
                Visit(attention.FirstKey);
                Visit(attention.End);
                Visit(attention.ValidRows);
                Visit(attention.Q);
                Visit(attention.K);
                Write($"score v{Number(score.Row)} v{Number(score.Key)} v{Number(score.Element)} ");
                Visit(score.Body);
                Visit(score.Value);
                Visit(attention.V);
                break;
            case TileForEachStmt each:
                Write($"each t{Number(each.Tile)} v{Number(each.Row)} v{Number(each.Column)} v{Number(each.Element)} ");
                Visit(each.ValidColumns);
                if (each.ValidRows is not null)
                {
                    Write($"rows ");
                    Visit(each.ValidRows);
                }

                Visit(each.Body);
                break;
            default:
                throw new InvalidOperationException($"unknown statement {statement.GetType().Name}");
        }
    }

    private void Visit(TileOperand operand)
    {
        Write($"op v{Number(operand.Row)} v{Number(operand.Column)} ");
        Visit(operand.Body);
        Visit(operand.Value);
    }

    private void Visit(Expr? expr)
    {
        switch (expr)
        {
            case null:
                Write($"~");
                break;
            case IntLiteral literal:
                Write($"{literal.Value}:{(int)literal.Type} ");
                break;
            case FloatLiteral literal:
                Write($"{BitConverter.DoubleToInt64Bits(literal.Value):x}f{(int)literal.Type} ");
                break;
            case DimExpr dim:
                Write($"d{Number(dim.Dim)} ");
                break;
            case VarExpr variable:
                Write($"v{Number(variable.Var)} ");
                break;
            case LoadExpr load:
                Write($"ld b{Number(load.Buffer)}(");
                Visit(load.Index);
                Visit(load.Mask);
                Write($")");
                break;
            case UnaryExpr unary:
                Write($"u{(int)unary.Op}(");
                Visit(unary.Operand);
                Write($")");
                break;
            case BinaryExpr binary:
                Write($"o{(int)binary.Op}(");
                Visit(binary.Left);
                Visit(binary.Right);
                Write($")");
                break;
            case SelectExpr select:
                Write($"sel(");
                Visit(select.Condition);
                Visit(select.Then);
                Visit(select.Else);
                Write($")");
                break;
            case CastExpr cast:
                Write($"to{(int)cast.Type}(");
                Visit(cast.Operand);
                Write($")");
                break;
            case BitcastExpr cast:
                Write($"bits{(int)cast.Type}(");
                Visit(cast.Operand);
                Write($")");
                break;
            default:
                throw new InvalidOperationException($"unknown expression {expr.GetType().Name}");
        }
    }
}
