using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// The kernel of a <see cref="Recurrence"/> as one of its steps sees it. It works on a few sequences at once ("rows"), so that each recurrent
/// weight that is read serves all of them, and on the units in blocks of <see cref="Recurrence.BlockUnits"/>.
/// </summary>
public sealed class RecurrentStep
{
    private readonly int _gates;
    private readonly Symbolic.Dim _units;
    private readonly Expr _hidden;
    private readonly Expr _blocks;
    private readonly KernelBuffer _x;
    private readonly KernelBuffer _r;
    private readonly KernelBuffer? _extra;
    private readonly KernelBuffer[] _states;
    private readonly KernelBuffer[] _next;
    private readonly bool _isOnGpu;
    private Expr _direction = ExprFactory.Int(0);
    private Expr[] _times = [];
    private Expr _block = ExprFactory.Int(0);
    private Expr _lane = ExprFactory.Int(0);

    internal RecurrentStep(LoopContext c, KernelBuilder kernel, int states, int gates, int firstDirection, int? extra)
    {
        Kernel = kernel;
        FirstDirection = firstDirection;
        _gates = gates;
        _units = c.InputType(0).Shape[4];
        (_hidden, _blocks) = (ExprFactory.Dim(_units), ExprFactory.Dim(_units.CeilDiv(Recurrence.BlockUnits)));
        Type = c.InputType(0).Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        (_x, _r) = (c.Input(kernel, 0), c.Input(kernel, 1));
        _extra = extra is { } input ? c.Input(kernel, input) : null;
        _isOnGpu = c.Machine.Gpu is not null;
        (_states, _next) = (new KernelBuffer[states], new KernelBuffer[states]);
    }

    public KernelBuilder Kernel { get; }

    /// <summary>The direction whose activations the kernel has.</summary>
    public int FirstDirection { get; }

    /// <summary>What it computes in.</summary>
    public ElementType Type { get; }

    /// <summary>How many sequences the code that is being written works on.</summary>
    public int Rows { get; private set; } = 1;

    /// <summary>A vector of [rows, H] of the kernel's own.</summary>
    public KernelBuffer Scratch(string name)
    {
        const long mostShared = 1024;
        return _isOnGpu && _units is { IsConstant: true, Constant: > 0 and <= mostShared }
            ? Kernel.Shared(name, Type, _units.Constant * Rows) : Kernel.Scratch(name, Type, _units * Rows);
    }

    /// <summary>The place of a unit of a row in a vector [rows, H].</summary>
    public Expr At(int row, Expr v) => (_hidden * row) + v;

    /// <summary>The vector [rows, H] of a state before this step.</summary>
    public KernelBuffer State(int i) => _states[i];

    /// <summary>A loop over the units. On a GPU each thread has its own ones, and afterwards all see what all did.</summary>
    public void ForEachUnit(Action<Expr> body)
    {
        if (!_isOnGpu)
        {
            ForEachBlock(body);
            return;
        }

        Kernel.Vector(_hidden, unit =>
        {
            _block = Kernel.Let(ExprFactory.Binary(BinaryOp.FloorDiv, unit, ExprFactory.Int(Recurrence.BlockUnits)));
            _lane = Kernel.Let(ExprFactory.Binary(BinaryOp.Mod, unit, ExprFactory.Int(Recurrence.BlockUnits)));
            body(unit);
        });
        Meet();
    }

    /// <summary>On a GPU all threads arrive before any goes on.</summary>
    internal void Meet()
    {
        if (_isOnGpu)
        {
            Kernel.Barrier();
        }
    }

    private void ForEachBlock(Action<Expr> body) => Kernel.Serial(_blocks, block =>
    {
        var first = block * Recurrence.BlockUnits;
        var isWhole = _units.IsConstant && _units.Constant % Recurrence.BlockUnits == 0;
        var lanes = isWhole ? ExprFactory.Int(Recurrence.BlockUnits) : Kernel.Let(ExprFactory.Min(_hidden - first, ExprFactory.Int(Recurrence.BlockUnits)));
        Kernel.Vector(lanes, lane =>
        {
            (_block, _lane) = (block, lane);
            body(first + lane);
        });
    });

    /// <summary>The input projection of a gate at a unit.</summary>
    public Expr Input(int row, int gate, Expr v) => Widen(ExprFactory.Load(_x, _times[row] + (_hidden * gate) + v));

    /// <summary>The extra input <c>[D, count, H]</c> of this direction.</summary>
    public Expr Extra(int count, int i, Expr v) => Widen(ExprFactory.Load(_extra!, (((_direction * count) + i) * _hidden) + v));

    /// <summary>Sets a state's value after this step.</summary>
    public void Next(int state, int row, Expr v, Expr value) => Kernel.Store(_next[state], At(row, v), value);

    /// <summary>
    /// For each row and each of <paramref name="count"/> gates from <paramref name="firstGate"/> on, at the unit of the loop around:
    /// <c>initial(row, gate) + sum over k of vector[row, k] * r[k, gate, unit]</c>.
    /// </summary>
    public Expr[][] Recur(KernelBuffer vector, int firstGate, int count, Func<int, int, Expr> initial)
    {
        // For a single row two sums a gate where that goes up evenly: one chain of additions would wait for each of them.
        var chains = Rows == 1 && _units.IsConstant && _units.Constant % 2 == 0 ? 2 : 1;
        var sums = new Var[chains, Rows, count];
        for (var chain = 0; chain < chains; chain++)
        {
            for (var row = 0; row < Rows; row++)
            {
                for (var g = 0; g < count; g++)
                {
                    sums[chain, row, g] = Kernel.Declare(chain == 0 ? initial(row, firstGate + g) : ExprFactory.Float(0, Type), "sum");
                }
            }
        }

        var first = ((_direction * _blocks) + _block) * _hidden;
        Kernel.Serial(chains == 2 ? ExprFactory.Int(_units.Constant / 2) : _hidden, step =>
        {
            for (var chain = 0; chain < chains; chain++)
            {
                var unit = (step * chains) + chain;
                var weights = Enumerable.Range(firstGate, count).Select(g => Kernel.Let(Widen(ExprFactory.Load(_r,
                    ((((first + unit) * _gates) + g) * Recurrence.BlockUnits) + _lane)))).ToArray();
                for (var row = 0; row < Rows; row++)
                {
                    var h = Kernel.Let(ExprFactory.Load(vector, At(row, unit)));
                    for (var g = 0; g < count; g++)
                    {
                        Kernel.Assign(sums[chain, row, g], ExprFactory.Read(sums[chain, row, g]) + (h * weights[g]));
                    }
                }
            }
        });
        return [.. Enumerable.Range(0, Rows).Select(row => Enumerable.Range(0, count).Select(g => Kernel.Let(
            Enumerable.Range(0, chains).Select(chain => ExprFactory.Read(sums[chain, row, g])).Aggregate((a, b) => a + b))).ToArray())];
    }

    internal Expr Widen(Expr x) => ExprFactory.Cast(Type, x);

    internal Expr Narrow(Expr x) => ExprFactory.Cast(_x.Type, x);

    /// <summary>Begins code for some rows of a direction: makes their states.</summary>
    internal void Begin(Expr direction, int rows)
    {
        (_direction, Rows) = (direction, rows);
        for (var i = 0; i < _states.Length; i++)
        {
            (_states[i], _next[i]) = (Scratch("state"), Scratch("next"));
        }
    }

    /// <summary>Begins a step: where the projections of each row are.</summary>
    internal void Time(Func<int, Expr> offset) => _times = [.. Enumerable.Range(0, Rows).Select(row => Kernel.Let(offset(row)))];

    /// <summary>Takes over the next states of a unit of a row and gives the first of them.</summary>
    internal Expr Advance(int row, Expr v)
    {
        for (var i = _states.Length - 1; i >= 0; i--)
        {
            Kernel.Store(_states[i], At(row, v), ExprFactory.Load(_next[i], At(row, v)));
        }

        return ExprFactory.Load(_states[0], At(row, v));
    }
}
