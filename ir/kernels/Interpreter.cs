using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// Runs a kernel one scalar at a time, with the contract of compiled kernels: slow, obvious, and every access checked against the bounds
/// of its buffer. Vector loops run lane by lane, so sums come in another order than in compiled code.
/// </summary>
public sealed class Interpreter
{
    private readonly Kernel _kernel;
    private readonly IReadOnlyList<long> _dims;
    private readonly Dictionary<KernelBuffer, Memory<byte>> _buffers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Var, InterpreterScalar> _variables = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tile, InterpreterScalar[]> _tiles = new(ReferenceEqualityComparer.Instance);
    private int _status;

    private Interpreter(Kernel kernel, IReadOnlyList<Memory<byte>> buffers, IReadOnlyList<long> dims)
    {
        if (buffers.Count != kernel.Parameters.Count || dims.Count != kernel.DimParameters.Count)
        {
            throw new ArgumentException(
                $"kernel '{kernel.Name}' takes {kernel.Parameters.Count} buffers and {kernel.DimParameters.Count} dims, not {buffers.Count} and {dims.Count}");
        }

        _kernel = kernel;
        _dims = dims;
        for (var i = 0; i < buffers.Count; i++)
        {
            _buffers.Add(kernel.Parameters[i], buffers[i]);
        }
    }

    /// <summary>Runs work items [<paramref name="begin"/>, <paramref name="end"/>).</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="buffers">The bytes of each of <see cref="Kernel.Parameters"/>.</param>
    /// <param name="dims">The value of each of <see cref="Kernel.DimParameters"/>.</param>
    /// <param name="begin">First work item.</param>
    /// <param name="end">After the last work item.</param>
    /// <returns>0, or 1 + the number of the message of the first <see cref="CheckStmt"/> that failed.</returns>
    /// <exception cref="IndexOutOfRangeException">The kernel leaves a buffer; the message says where.</exception>
    public static int Run(Kernel kernel, IReadOnlyList<Memory<byte>> buffers, IReadOnlyList<long> dims, long begin, long end)
    {
        var run = new Interpreter(kernel, buffers, dims);
        for (var item = begin; item < end; item++)
        {
            run._variables[kernel.Body.Var] = InterpreterScalar.Of(ElementType.Int64, item);
            run.Execute(kernel.Body.Body);
        }

        return run._status;
    }

    /// <summary>Runs all work items, with dims taken from <paramref name="bindings"/>.</summary>
    /// <returns>As <see cref="Run(Kernel, IReadOnlyList{Memory{byte}}, IReadOnlyList{long}, long, long)"/>.</returns>
    public static int Run(Kernel kernel, IReadOnlyList<Memory<byte>> buffers, DimEvaluator bindings)
    {
        var dims = kernel.DimParameters.Select(bindings.Evaluate).ToArray();
        var count = new Interpreter(kernel, buffers, dims).Evaluate(kernel.WorkItems).Integer;
        return Run(kernel, buffers, dims, 0, count);
    }

    private void Execute(Stmt? statement)
    {
        switch (statement)
        {
            case null or BarrierStmt:
                break;
            case BlockStmt block:
                foreach (var inner in block.Body)
                {
                    Execute(inner);
                }

                break;
            case ForStmt loop:
                var (start, end) = (Evaluate(loop.Start).Integer, Evaluate(loop.End).Integer);
                for (var i = start; i < end; i++)
                {
                    _variables[loop.Var] = InterpreterScalar.Of(ElementType.Int64, i);
                    Execute(loop.Body);
                }

                break;
            case LetStmt let:
                _variables[let.Var] = Evaluate(let.Value);
                break;
            case DeclareStmt declare:
                _variables[declare.Var] = Evaluate(declare.Initial);
                break;
            case AssignStmt assign:
                _variables[assign.Var] = Evaluate(assign.Value);
                break;
            case StoreStmt store:
                var value = Evaluate(store.Value);
                if (store.Mask is null || Evaluate(store.Mask).IsTrue)
                {
                    value.Write(_buffers[store.Buffer].Span, Element(store.Buffer, Evaluate(store.Index).Integer));
                }

                break;
            case IfStmt branch:
                Execute(Evaluate(branch.Condition).IsTrue ? branch.Then : branch.Else);
                break;
            case WhileStmt loop:
                while (Evaluate(loop.Condition).IsTrue)
                {
                    Execute(loop.Body);
                }

                break;
            case AllocStmt alloc:
                Allocate(alloc.Buffer);
                break;
            case CheckStmt check:
                if (!Evaluate(check.Condition).IsTrue && _status == 0)
                {
                    _status = 1 + check.Message;
                }

                break;
            case TileDeclareStmt declare:
                var elements = new InterpreterScalar[declare.Tile.Rows * declare.Tile.Columns];
                Array.Fill(elements, Evaluate(declare.Initial));
                _tiles[declare.Tile] = elements;
                break;
            case TileContractStmt contract:
                Contract(contract);
                break;
            case TileProductStmt product:
                Product(product);
                break;
            case TileAttentionStmt attention:
                Attention(attention);
                break;
            case TileForEachStmt each:
                ForEach(each);
                break;
            default:
                throw new InvalidOperationException($"unknown statement {statement.GetType().Name}");
        }
    }

    private void Allocate(KernelBuffer buffer)
    {
        // Content starts undefined: a pattern that no kernel should rely on.
        const byte garbage = 0xA5;
        var bytes = new byte[checked((int)Count(buffer) * buffer.Type.Bytes())];
        Array.Fill(bytes, garbage);
        _buffers[buffer] = bytes;
    }

    private long Count(KernelBuffer buffer)
    {
        if (buffer.Count!.IsConstant)
        {
            return buffer.Count.Constant;
        }

        for (var i = 0; i < _dims.Count; i++)
        {
            if (ReferenceEquals(_kernel.DimParameters[i], buffer.Count))
            {
                return _dims[i];
            }
        }

        // The host knows the size of the scratch area, the kernel only where each buffer begins: allow as much as any could have.
        const long plenty = 1 << 20;
        return plenty;
    }

    private void Contract(TileContractStmt s)
    {
        var elements = _tiles[s.Tile];
        var depth = Evaluate(s.Depth).Integer;
        var (aBase, aRow, aDepth) = (Evaluate(s.ABase).Integer, Evaluate(s.ARowStride).Integer, Evaluate(s.ADepthStride).Integer);
        var (bBase, bDepth) = (Evaluate(s.BBase).Integer, Evaluate(s.BDepthStride).Integer);
        for (var r = 0; r < s.Tile.Rows; r++)
        {
            for (var c = 0; c < s.Tile.Columns; c++)
            {
                ref var sum = ref elements[(r * s.Tile.Columns) + c];
                for (long k = 0; k < depth; k++)
                {
                    var a = Load(s.A, aBase + (r * aRow) + (k * aDepth));
                    var b = Load(s.B, bBase + (k * bDepth) + c);
                    var product = InterpreterArithmetic.Binary(
                        BinaryOp.Mul, InterpreterArithmetic.Cast(s.Tile.Type, a), InterpreterArithmetic.Cast(s.Tile.Type, b));
                    sum = InterpreterArithmetic.Binary(BinaryOp.Add, sum, product);
                }
            }
        }
    }

    private void Product(TileProductStmt s)
    {
        var elements = _tiles[s.Tile];
        var (rows, columns) = (Evaluate(s.ValidRows).Integer, Evaluate(s.ValidColumns).Integer);
        var depth = Evaluate(s.Depth).Integer;
        for (var r = 0; r < Math.Min(rows, s.Tile.Rows); r++)
        {
            for (var c = 0; c < Math.Min(columns, s.Tile.Columns); c++)
            {
                ref var sum = ref elements[(r * s.Tile.Columns) + c];
                for (long k = 0; k < depth; k++)
                {
                    sum = MultiplyAdd(s.Tile.Type, Element(s.A, r, k), Element(s.B, k, c), sum);
                }
            }
        }
    }

    /// <summary>As it is written down: all scores of a row, their softmax, the sum of the values with those weights.</summary>
    private void Attention(TileAttentionStmt s)
    {
        var (type, stride) = (s.Tile.Type, s.Tile.Columns);
        var elements = _tiles[s.Tile] = new InterpreterScalar[s.Tile.Rows * stride];
        var (rows, first, end, depth) = (Evaluate(s.ValidRows).Integer, Evaluate(s.FirstKey).Integer, Evaluate(s.End).Integer, Evaluate(s.Depth).Integer);
        Array.Fill(elements, InterpreterScalar.Of(type, 0.0));
        var weights = new InterpreterScalar[Math.Max(0, end - first)];
        for (var r = 0; r < Math.Min(rows, s.Tile.Rows); r++)
        {
            for (var j = 0L; j < weights.Length; j++)
            {
                var sum = InterpreterScalar.Of(type, 0.0);
                for (var k = 0L; k < depth; k++)
                {
                    sum = MultiplyAdd(type, Element(s.Q, r, k), Element(s.K, k, first + j), sum);
                }

                _variables[s.Score.Row] = InterpreterScalar.Of(ElementType.Int64, r);
                _variables[s.Score.Key] = InterpreterScalar.Of(ElementType.Int64, first + j);
                _variables[s.Score.Element] = sum;
                Execute(s.Score.Body);
                weights[j] = Evaluate(s.Score.Value);
            }

            var (greatest, total) = Exponentials(weights, type, s.IsPart || s.EmptyIsZero);
            if (s.IsPart)
            {
                elements[(r * stride) + s.Columns] = greatest;
                elements[(r * stride) + s.Columns + 1] = total;
            }
            else if (total.Float != 0 || !s.EmptyIsZero)
            {
                weights = [.. weights.Select(w => InterpreterArithmetic.Binary(BinaryOp.Div, w, total))];
            }

            for (var c = 0; c < s.Columns; c++)
            {
                for (var j = 0L; j < weights.Length; j++)
                {
                    ref var sum = ref elements[(r * stride) + c];
                    sum = MultiplyAdd(type, InterpreterArithmetic.Cast(s.V.Value.Type, weights[j]), Element(s.V, first + j, c), sum);
                }
            }
        }
    }

    private static InterpreterScalar MultiplyAdd(ElementType type, InterpreterScalar a, InterpreterScalar b, InterpreterScalar sum) => InterpreterArithmetic.Binary(
        BinaryOp.Add, sum, InterpreterArithmetic.Binary(BinaryOp.Mul, InterpreterArithmetic.Cast(type, a), InterpreterArithmetic.Cast(type, b)));

    /// <summary>Scores become powers of e, relative to the greatest; gives that and the sum of the powers.</summary>
    private static (InterpreterScalar Greatest, InterpreterScalar Sum) Exponentials(InterpreterScalar[] row, ElementType type, bool emptyIsZero)
    {
        var greatest = row.Aggregate(InterpreterScalar.Of(type, double.NegativeInfinity), (m, x) => InterpreterArithmetic.Binary(BinaryOp.Max, m, x));
        var sum = InterpreterScalar.Of(type, 0.0);
        var shift = emptyIsZero && double.IsNegativeInfinity(greatest.Float) ? sum : greatest;
        for (var j = 0; j < row.Length; j++)
        {
            row[j] = InterpreterArithmetic.Unary(UnaryOp.Exp, InterpreterArithmetic.Binary(BinaryOp.Sub, row[j], shift));
            sum = InterpreterArithmetic.Binary(BinaryOp.Add, sum, row[j]);
        }

        return (greatest, sum);
    }

    private InterpreterScalar Element(TileOperand operand, long row, long column)
    {
        _variables[operand.Row] = InterpreterScalar.Of(ElementType.Int64, row);
        _variables[operand.Column] = InterpreterScalar.Of(ElementType.Int64, column);
        Execute(operand.Body);
        return Evaluate(operand.Value);
    }

    private void ForEach(TileForEachStmt s)
    {
        var elements = _tiles[s.Tile];
        var valid = Evaluate(s.ValidColumns).Integer;
        var rows = s.ValidRows is null ? s.Tile.Rows : Math.Min(Evaluate(s.ValidRows).Integer, s.Tile.Rows);
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < Math.Min(valid, s.Tile.Columns); c++)
            {
                _variables[s.Row] = InterpreterScalar.Of(ElementType.Int64, r);
                _variables[s.Column] = InterpreterScalar.Of(ElementType.Int64, c);
                _variables[s.Element] = elements[(r * s.Tile.Columns) + c];
                Execute(s.Body);
            }
        }
    }

    private InterpreterScalar Evaluate(Expr expr) => expr switch
    {
        IntLiteral literal => InterpreterScalar.Of(literal.Type, literal.Value),
        FloatLiteral literal => InterpreterScalar.Of(literal.Type, literal.Value),
        DimExpr dim => InterpreterScalar.Of(ElementType.Int64, DimValue(dim.Dim)),
        VarExpr read => _variables.TryGetValue(read.Var, out var value)
            ? value
            : throw new InvalidOperationException($"kernel '{_kernel.Name}' reads {read.Var} before it has a value"),
        LoadExpr load => load.Mask is null || Evaluate(load.Mask).IsTrue
            ? Load(load.Buffer, Evaluate(load.Index).Integer)
            : load.Type.IsFloat() ? InterpreterScalar.Of(load.Type, 0.0) : InterpreterScalar.Of(load.Type, 0),
        UnaryExpr unary => InterpreterArithmetic.Unary(unary.Op, Evaluate(unary.Operand)),
        BinaryExpr binary => InterpreterArithmetic.Binary(binary.Op, Evaluate(binary.Left), Evaluate(binary.Right)),
        SelectExpr select => Select(Evaluate(select.Condition).IsTrue, Evaluate(select.Then), Evaluate(select.Else)),
        CastExpr cast => InterpreterArithmetic.Cast(cast.Type, Evaluate(cast.Operand)),
        BitcastExpr cast => InterpreterArithmetic.Bitcast(cast.Type, Evaluate(cast.Operand)),
        _ => throw new InvalidOperationException($"unknown expression {expr.GetType().Name}"),
    };

    private static InterpreterScalar Select(bool condition, InterpreterScalar then, InterpreterScalar otherwise) => condition ? then : otherwise;

    private long DimValue(Dim dim)
    {
        for (var i = 0; i < _dims.Count; i++)
        {
            if (ReferenceEquals(_kernel.DimParameters[i], dim))
            {
                return _dims[i];
            }
        }

        throw new InvalidOperationException($"kernel '{_kernel.Name}' uses the dim '{dim}' that is not among its parameters");
    }

    private InterpreterScalar Load(KernelBuffer buffer, long index) =>
        InterpreterScalar.Read(buffer.Type, _buffers[buffer].Span, Element(buffer, index));

    private int Element(KernelBuffer buffer, long index)
    {
        var count = _buffers[buffer].Length / buffer.Type.Bytes();
        return index >= 0 && index < count
            ? (int)index
            : throw new IndexOutOfRangeException($"kernel '{_kernel.Name}' accesses {buffer}[{index}] of {count} elements");
    }
}
