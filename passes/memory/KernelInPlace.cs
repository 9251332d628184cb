using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Passes.Memory;

/// <summary>
/// Finds the parameters of a kernel that may be written over others, for kernels that store every element of an output exactly once. Such a pair is
/// safe when each load of the input has the index of a store that follows it in the same iteration of all loops around both: then the element was not
/// yet overwritten, whatever other work items do.
/// </summary>
internal sealed class KernelInPlace
{
    private readonly Dictionary<KernelBuffer, List<Access>> _loads = [];
    private readonly Dictionary<KernelBuffer, List<Access>> _stores = [];
    private readonly Dictionary<Var, string> _names = [];
    private readonly HashSet<KernelBuffer> _unsafe = [];
    private readonly Dictionary<object, string> _numbers = [];

    // Where the walk is: the blocks around with the number of the statement in each.
    private readonly List<(BlockStmt Block, int Statement)> _path = [];
    private int _loops;
    private int _whiles;
    private int _unique;

    /// <summary>Positions of parameters that are read with those that may be written over them.</summary>
    public static ValueList<(int Input, int Output)> PairsOf(Kernel kernel)
    {
        var walk = new KernelInPlace();
        walk.Visit(kernel.Body);
        var pairs = new List<(int, int)>();
        for (var i = 0; i < kernel.Parameters.Count; i++)
        {
            for (var o = 0; o < kernel.Parameters.Count; o++)
            {
                if (walk.IsPair(kernel.Parameters[i], kernel.Parameters[o]))
                {
                    pairs.Add((i, o));
                }
            }
        }

        return pairs.ToValueList();
    }

    private bool IsPair(KernelBuffer input, KernelBuffer output) =>
        !input.IsWritten && output.IsWritten && input.Space == AddressSpace.Global && input.Type.Bytes() == output.Type.Bytes()
        && !_unsafe.Contains(input) && !_unsafe.Contains(output)
        && !_loads.ContainsKey(output)
        && _loads.TryGetValue(input, out var loads) && _stores.TryGetValue(output, out var stores)
        && loads.All(load => stores.Any(store => store.Index == load.Index && Precedes(load.Path, store.Path)));

    /// <summary>Whether a load comes before a store, in each run of the innermost block around both, or is an operand of it.</summary>
    private static bool Precedes((BlockStmt Block, int Statement)[] load, (BlockStmt Block, int Statement)[] store)
    {
        for (var depth = 0; depth < Math.Min(load.Length, store.Length); depth++)
        {
            if (!ReferenceEquals(load[depth].Block, store[depth].Block))
            {
                // The two sides of a branch.
                return false;
            }

            if (load[depth].Statement != store[depth].Statement)
            {
                return load[depth].Statement < store[depth].Statement;
            }
        }

        return true;
    }

    private void Visit(Stmt statement)
    {
        switch (statement)
        {
            case BlockStmt block:
                for (var i = 0; i < block.Body.Count; i++)
                {
                    _path.Add((block, i));
                    Visit(block.Body[i]);
                    _path.RemoveAt(_path.Count - 1);
                }

                break;
            case ForStmt loop:
                Read(loop.Start);
                Read(loop.End);

                // Loops over the same range at the same depth reach the same elements.
                _names[loop.Var] = $"loop{_loops}:{loop.Kind}({Text(loop.Start)},{Text(loop.End)})";
                _loops++;
                Visit(loop.Body);
                _loops--;
                break;
            case LetStmt let:
                Read(let.Value);
                _names[let.Var] = Text(let.Value);
                break;
            case DeclareStmt declare:
                Read(declare.Initial);
                _names[declare.Var] = $"mutable{_unique++}";
                break;
            case AssignStmt assign:
                Read(assign.Value);
                break;
            case StoreStmt store:
                Read(store.Index);
                Read(store.Value);
                Read(store.Mask);
                Add(_stores, store.Buffer, store.Index);
                break;
            case IfStmt branch:
                Read(branch.Condition);
                Visit(branch.Then);
                if (branch.Else is not null)
                {
                    Visit(branch.Else);
                }

                break;
            case WhileStmt loop:
                // How often it runs is known to nobody: what happens in it is never in place.
                _whiles++;
                Read(loop.Condition);
                Visit(loop.Body);
                _whiles--;
                break;
            case CheckStmt check:
                Read(check.Condition);
                break;
            case TileDeclareStmt declare:
                Read(declare.Initial);
                break;
            case TileContractStmt contract:
                _unsafe.Add(contract.A);
                _unsafe.Add(contract.B);
                break;
            case TileProductStmt product:
                Read(product.Depth);
                VisitOperand(product.A);
                VisitOperand(product.B);
                break;
            case TileAttentionStmt attention:
                Read(attention.FirstKey);
                Read(attention.End);
                VisitOperand(attention.Q);
                VisitOperand(attention.K);
                VisitOperand(new TileOperand(attention.Score.Row, attention.Score.Key, attention.Score.Body, attention.Score.Value), attention.Score.Element);
                VisitOperand(attention.V);
                break;
            case TileForEachStmt each:
                Read(each.ValidColumns);
                _names[each.Row] = $"row{_unique}";
                _names[each.Column] = $"column{_unique}";
                _names[each.Element] = $"element{_unique++}";
                Visit(each.Body);
                break;
            case AllocStmt or BarrierStmt:
                break;
            default:
                throw new InvalidOperationException($"unknown statement {statement.GetType().Name}");
        }
    }

    /// <summary>What a product reads is read by many work items.</summary>
    private void VisitOperand(TileOperand operand, Var? element = null)
    {
        if (element is not null)
        {
            _names[element] = $"element{_unique++}";
        }

        _names[operand.Row] = $"row{_unique++}";
        _names[operand.Column] = $"column{_unique++}";
        _whiles++;
        Visit(operand.Body);
        Read(operand.Value);
        _whiles--;
    }

    private void Read(Expr? expr)
    {
        switch (expr)
        {
            case LoadExpr load:
                Read(load.Index);
                Read(load.Mask);
                Add(_loads, load.Buffer, load.Index);
                break;
            case UnaryExpr unary:
                Read(unary.Operand);
                break;
            case BinaryExpr binary:
                Read(binary.Left);
                Read(binary.Right);
                break;
            case SelectExpr select:
                Read(select.Condition);
                Read(select.Then);
                Read(select.Else);
                break;
            case CastExpr cast:
                Read(cast.Operand);
                break;
            case BitcastExpr cast:
                Read(cast.Operand);
                break;
            default:
                break;
        }
    }

    private void Add(Dictionary<KernelBuffer, List<Access>> accesses, KernelBuffer buffer, Expr index)
    {
        if (buffer.Parameter < 0)
        {
            return;
        }

        if (_whiles > 0)
        {
            _unsafe.Add(buffer);
        }

        if (!accesses.TryGetValue(buffer, out var list))
        {
            accesses.Add(buffer, list = []);
        }

        list.Add(new Access(Text(index), [.. _path]));
    }

    /// <summary>
    /// A text that is equal for equal expressions, with every name replaced by what it stands for: compound ones are numbered, so that texts stay
    /// short.
    /// </summary>
    private string Text(Expr expr) => expr switch
    {
        IntLiteral literal => $"{literal.Value}",
        DimExpr dim => Number(dim.Dim),
        VarExpr variable => _names[variable.Var],
        UnaryExpr unary => Number((unary.Op, Text(unary.Operand))),
        BinaryExpr binary => Number((binary.Op, Text(binary.Left), Text(binary.Right))),
        SelectExpr select => Number((Text(select.Condition), Text(select.Then), Text(select.Else))),
        CastExpr cast => Number((cast.Type, Text(cast.Operand))),
        BitcastExpr cast => Number((cast.Type, Text(cast.Operand), true)),
        _ => $"unique{_unique++}",
    };

    private string Number(object item)
    {
        if (!_numbers.TryGetValue(item, out var text))
        {
            text = $"#{_numbers.Count}";
            _numbers.Add(item, text);
        }

        return text;
    }

    private readonly record struct Access(string Index, (BlockStmt Block, int Statement)[] Path);
}
