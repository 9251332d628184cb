using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>Writes one <see cref="Kernel"/> statement by statement.</summary>
public sealed class KernelBuilder(string name, DimContext dims)
{
    private const int Alignment = 64;

    private readonly Stack<List<Stmt>> _blocks = new([[]]);
    private readonly Stack<int> _blockIds = new([0]);
    private int _nextBlock = 1;
    private readonly List<KernelBuffer> _parameters = [];
    private readonly List<ScratchSlot> _scratch = [];
    private readonly List<string> _checks = [];
    private Dim _scratchBytes = dims.Zero;
    private int _nextVar;
    private int _nextBuffer;
    private int _nextTile;

    public string Name { get; } = name;

    public DimContext Dims { get; } = dims;

    /// <summary>See <see cref="Kernel.ThreadsPerItem"/>.</summary>
    public int ThreadsPerItem { get; set; } = 1;

    /// <summary>The number of the block being written: what is named in it can be read while <see cref="IsOpen"/>.</summary>
    public int CurrentBlock => _blockIds.Peek();

    /// <summary>Whether a block is the one being written or around it.</summary>
    public bool IsOpen(int block) => _blockIds.Contains(block);

    public KernelBuffer Parameter(string name, ElementType type, bool isWritten, bool isConstant = false)
    {
        var space = isConstant ? AddressSpace.Constant : AddressSpace.Global;
        var buffer = new KernelBuffer(_nextBuffer++, name, type, space, _parameters.Count, isWritten, null);
        _parameters.Add(buffer);
        return buffer;
    }

    /// <summary>A buffer private to the worker that runs the work item, of <paramref name="count"/> elements.</summary>
    public KernelBuffer Scratch(string name, ElementType type, Dim count)
    {
        var buffer = new KernelBuffer(_nextBuffer++, name, type, AddressSpace.Scratch, -1, true, count);
        _scratch.Add(new ScratchSlot(buffer, _scratchBytes));
        _scratchBytes += (count * type.Bytes()).CeilDiv(Alignment) * Alignment;
        Emit(new AllocStmt(buffer));
        return buffer;
    }

    /// <summary>A small buffer of constant size, private to the work item.</summary>
    public KernelBuffer Local(string name, ElementType type, long count)
    {
        var buffer = new KernelBuffer(_nextBuffer++, name, type, AddressSpace.Local, -1, true, Dims.Const(count));
        Emit(new AllocStmt(buffer));
        return buffer;
    }

    /// <summary>A small buffer of constant size that the threads of a work item share; on a GPU only. Barriers order what they do with it.</summary>
    public KernelBuffer Shared(string name, ElementType type, long count)
    {
        var buffer = new KernelBuffer(_nextBuffer++, name, type, AddressSpace.Shared, -1, true, Dims.Const(count));
        Emit(new AllocStmt(buffer));
        return buffer;
    }

    /// <summary>The outermost loop of the kernel, over work items.</summary>
    public void Parallel(Dim extent, Action<Expr> body) => Loop("i", ExprFactory.Int(0), ExprFactory.Dim(extent), LoopKind.Parallel, body);

    public void Serial(Expr end, Action<Expr> body, string name = "k") => Loop(name, ExprFactory.Int(0), end, LoopKind.Serial, body);

    public void Serial(Expr start, Expr end, Action<Expr> body, string name = "k") => Loop(name, start, end, LoopKind.Serial, body);

    public void Vector(Expr end, Action<Expr> body, params ReadOnlySpan<Reduction> reductions) =>
        Loop("v", ExprFactory.Int(0), end, LoopKind.Vector, body, reductions);

    public void Loop(string name, Expr start, Expr end, LoopKind kind, Action<Expr> body, params ReadOnlySpan<Reduction> reductions)
    {
        var fromZero = start is IntLiteral { Value: 0 };
        var extent = !fromZero ? null : end switch { DimExpr d => d.Dim, IntLiteral i => Dims.Const(i.Value), _ => null };
        LoopWithin(name, start, end, extent, kind, body, reductions);
    }

    /// <summary>A loop whose counter is known to stay in <c>[0, extent)</c>, wherever it starts.</summary>
    public void LoopWithin(string name, Expr start, Expr end, Dim? extent, LoopKind kind, Action<Expr> body,
        params ReadOnlySpan<Reduction> reductions)
    {
        var variable = new Var(_nextVar++, name, ElementType.Int64, false) { Extent = extent };
        var block = Block(() => body(new VarExpr(variable)));
        Emit(new ForStmt(variable, start, end, kind, block, ValueList.Create(reductions)));
    }

    /// <summary>Names a value so that it is computed once; literals and variables are returned as they are.</summary>
    public Expr Let(Expr value, string name = "t")
    {
        if (value is IntLiteral or FloatLiteral or DimExpr or VarExpr { Var.IsMutable: false })
        {
            return value;
        }

        var variable = new Var(_nextVar++, name, value.Type, false);
        Emit(new LetStmt(variable, value));
        return new VarExpr(variable);
    }

    /// <summary>Names an index that is known to stay in <c>[0, extent)</c>.</summary>
    public Expr LetWithin(Expr value, Dim extent, string name = "o")
    {
        if (value is IntLiteral or DimExpr or VarExpr { Var.Extent: not null })
        {
            return value;
        }

        var variable = new Var(_nextVar++, name, value.Type, false) { Extent = extent };
        Emit(new LetStmt(variable, value));
        return new VarExpr(variable);
    }

    public Var Declare(Expr initial, string name = "m")
    {
        var variable = new Var(_nextVar++, name, initial.Type, true);
        Emit(new DeclareStmt(variable, initial));
        return variable;
    }

    public void Assign(Var variable, Expr value)
    {
        if (!variable.IsMutable || variable.Type != value.Type)
        {
            throw new ArgumentException($"cannot assign {value.Type} to {(variable.IsMutable ? "mutable" : "immutable")} {variable.Type}");
        }

        Emit(new AssignStmt(variable, value));
    }

    public void Store(KernelBuffer buffer, Expr index, Expr value, Expr? mask = null)
    {
        if (buffer.Type != value.Type || index.Type != ElementType.Int64 || !buffer.IsWritten)
        {
            throw new ArgumentException($"cannot store {value.Type} at {index.Type} into {buffer.Name} of {buffer.Type}");
        }

        Emit(new StoreStmt(buffer, index, value, mask is IntLiteral { Value: 1 } ? null : mask));
    }

    public void If(Expr condition, Action then, Action? otherwise = null)
    {
        if (condition is IntLiteral literal)
        {
            (literal.Value != 0 ? then : otherwise)?.Invoke();
            return;
        }

        Emit(new IfStmt(condition, Block(then), otherwise is null ? null : Block(otherwise)));
    }

    public void While(Expr condition, Action body) => Emit(new WhileStmt(condition, Block(body)));

    public void Barrier() => Emit(new BarrierStmt());

    /// <summary>Reports <paramref name="message"/> when the condition fails; the access it protects must be made safe besides.</summary>
    public void Check(Expr condition, string message)
    {
        if (condition is IntLiteral { Value: 1 })
        {
            return;
        }

        var number = _checks.IndexOf(message);
        if (number < 0)
        {
            number = _checks.Count;
            _checks.Add(message);
        }

        Emit(new CheckStmt(condition, number));
    }

    public Tile DeclareTile(int rows, int columns, ElementType type, Expr? initial = null)
    {
        var tile = new Tile(_nextTile++, rows, columns, type);
        Emit(new TileDeclareStmt(tile, initial ?? ExprFactory.Literal(0, type)));
        return tile;
    }

    public void Contract(Tile tile, Expr depth, KernelBuffer a, Expr aBase, Expr aRowStride, Expr aDepthStride, KernelBuffer b, Expr bBase,
        Expr bDepthStride) =>
        Emit(new TileContractStmt(tile, depth, a, aBase, aRowStride, aDepthStride, b, bBase, bDepthStride));

    /// <summary>
    /// Adds a product to a tile; see <see cref="TileProductStmt"/>. The operands get (row, column) and give the element there. Where the depth is less than
    /// a dim, <paramref name="actual"/> says it.
    /// </summary>
    public void Product(Tile tile, Dim depth, Expr validRows, Expr validColumns, Func<Expr, Expr, Expr> a, Func<Expr, Expr, Expr> b, Expr? actual = null) =>
        Emit(new TileProductStmt(tile, actual ?? ExprFactory.Dim(depth), validRows, validColumns,
            Operand(Dims.Const(tile.Rows), depth, a), Operand(depth, Dims.Const(tile.Columns), b)));

    /// <summary>
    /// Fills a new tile of <paramref name="rows"/> by <paramref name="columns"/> f32 elements, those of V; see <see cref="TileAttentionStmt"/>. Operands get
    /// (row, column), the score (row, key, product). With a <paramref name="share"/> of the keys the tile is a part of the whole, with its further columns.
    /// </summary>
    public Tile Attention(int rows, int columns, Dim depth, Dim keys, Expr validRows, Func<Expr, Expr, Expr> q, Func<Expr, Expr, Expr> k,
        Func<Expr, Expr, Expr, Expr> score, Func<Expr, Expr, Expr> v, bool emptyIsZero, (Expr First, Expr End)? share = null)
    {
        var tile = new Tile(_nextTile++, rows, columns + (share is null ? 0 : TileAttentionStmt.PartColumns), ElementType.Float32);
        var row = new Var(_nextVar++, "r", ElementType.Int64, false) { Extent = Dims.Const(rows) };
        var key = new Var(_nextVar++, "j", ElementType.Int64, false) { Extent = keys };
        var element = new Var(_nextVar++, "acc", tile.Type, false);
        Expr? value = null;
        var body = Block(() => value = score(new VarExpr(row), new VarExpr(key), new VarExpr(element)));
        var (first, end) = share ?? (ExprFactory.Int(0), ExprFactory.Dim(keys));
        Emit(new TileAttentionStmt(tile, ExprFactory.Dim(depth), first, end, validRows, Operand(Dims.Const(rows), depth, q), Operand(depth, keys, k),
            new TileScore(row, key, element, body, value!), Operand(keys, Dims.Const(columns), v), emptyIsZero) { IsPart = share is not null });
        return tile;
    }

    private TileOperand Operand(Dim rows, Dim columns, Func<Expr, Expr, Expr> element)
    {
        var row = new Var(_nextVar++, "r", ElementType.Int64, false) { Extent = rows };
        var column = new Var(_nextVar++, "c", ElementType.Int64, false) { Extent = columns };
        Expr? value = null;
        var block = Block(() => value = element(new VarExpr(row), new VarExpr(column)));
        return new TileOperand(row, column, block, value!);
    }

    /// <summary>Runs <paramref name="body"/> with (row, column, element) for each element of the tile in a valid column.</summary>
    public void ForEach(Tile tile, Expr validColumns, Action<Expr, Expr, Expr> body, Expr? validRows = null)
    {
        var row = new Var(_nextVar++, "r", ElementType.Int64, false) { Extent = Dims.Const(tile.Rows) };
        var column = new Var(_nextVar++, "c", ElementType.Int64, false) { Extent = Dims.Const(tile.Columns) };
        var element = new Var(_nextVar++, "acc", tile.Type, false);
        var block = Block(() => body(new VarExpr(row), new VarExpr(column), new VarExpr(element)));
        Emit(new TileForEachStmt(tile, row, column, element, validColumns, block) { ValidRows = validRows });
    }

    public void Emit(Stmt statement) => _blocks.Peek().Add(statement);

    /// <summary>Checks that the kernel is one parallel loop (allocations may precede it), numbers its dims and seals it.</summary>
    public Kernel Build()
    {
        if (_blocks.Count != 1)
        {
            throw new InvalidOperationException($"kernel '{Name}' has an open block");
        }

        var top = _blocks.Peek();
        if (top.Count == 0 || top[^1] is not ForStmt { Kind: LoopKind.Parallel } body || top.Take(top.Count - 1).Any(s => s is not AllocStmt))
        {
            throw new InvalidOperationException($"kernel '{Name}' is not a single parallel loop");
        }

        if (top.Count > 1)
        {
            body = body with { Body = new BlockStmt([.. top.Take(top.Count - 1), .. body.Body.Body]) };
        }

        var key = new KernelKey();
        var text = key.Of(_parameters, _scratch, body);
        if (ThreadsPerItem != 1)
        {
            text = $"{ThreadsPerItem} threads/{text}";
        }

        return new Kernel(Name, _parameters.ToValueList(), key.Dims.ToValueList(), _scratch.ToValueList(), _scratchBytes, body,
            _checks.ToValueList(), text)
        {
            ThreadsPerItem = ThreadsPerItem,
        };
    }

    private BlockStmt Block(Action write)
    {
        _blocks.Push([]);
        _blockIds.Push(_nextBlock++);
        write();
        _blockIds.Pop();
        return new BlockStmt(_blocks.Pop().ToValueList());
    }
}
