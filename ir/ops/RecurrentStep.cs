using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The kernel of a <see cref="Recurrence"/> as one of its steps sees it.</summary>
public sealed class RecurrentStep
{
    private readonly int _gates;
    private readonly Expr _hidden;
    private readonly bool _isPaired;
    private readonly KernelBuffer _x;
    private readonly KernelBuffer _r;
    private readonly KernelBuffer? _extra;
    private readonly KernelBuffer[] _states;
    private readonly KernelBuffer[] _next;
    private readonly Symbolic.Dim _units;
    private Expr _direction = ExprFactory.Int(0);
    private Expr _time = ExprFactory.Int(0);

    internal RecurrentStep(LoopContext c, KernelBuilder kernel, int states, int gates, int firstDirection, int? extra)
    {
        Kernel = kernel;
        FirstDirection = firstDirection;
        _gates = gates;
        _units = c.InputType(0).Shape[4];
        _hidden = ExprFactory.Dim(_units);
        _isPaired = _units.IsConstant && _units.Constant % 2 == 0;
        Type = c.InputType(0).Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        (_x, _r) = (c.Input(kernel, 0), c.Input(kernel, 1));
        _extra = extra is { } input ? c.Input(kernel, input) : null;
        (_states, _next) = (new KernelBuffer[states], new KernelBuffer[states]);
    }

    public KernelBuilder Kernel { get; }

    /// <summary>The direction whose activations the kernel has.</summary>
    public int FirstDirection { get; }

    /// <summary>What it computes in.</summary>
    public ElementType Type { get; }

    /// <summary>A state before this step, <c>[H]</c>.</summary>
    public KernelBuffer State(int i) => _states[i];

    /// <summary>A vector of [H] of the kernel's own.</summary>
    public KernelBuffer Scratch(string name) => Kernel.Scratch(name, Type, _units);

    /// <summary>A loop over the units.</summary>
    public void ForEachUnit(Action<Expr> body) => Kernel.Vector(_hidden, body);

    /// <summary>The input projection of a gate at a unit.</summary>
    public Expr Input(int gate, Expr v) => Widen(ExprFactory.Load(_x, _time + (_hidden * gate) + v));

    /// <summary>The extra input <c>[D, rows, H]</c> of this direction.</summary>
    public Expr Extra(int rows, int row, Expr v) =>
        Widen(ExprFactory.Load(_extra!, (((_direction * rows) + row) * _hidden) + v));

    /// <summary>Sets a state's value after this step.</summary>
    public void Next(int state, Expr v, Expr value) => Kernel.Store(_next[state], v, value);

    /// <summary>
    /// <c>initial[g] + sum over k of vector[k] * r[k, g, v]</c> for gates from <paramref name="firstGate"/> on, one for each initial value.
    /// </summary>
    public Expr[] Recur(KernelBuffer vector, int firstGate, Expr v, params Expr[] initial)
    {
        // Two sums a gate where that goes up evenly: a single chain of additions would wait for each of them.
        var chains = _isPaired ? 2 : 1;
        var sums = new Var[initial.Length * chains];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = Kernel.Declare(i < initial.Length ? initial[i] : ExprFactory.Float(0, Type), "sum");
        }

        Kernel.Serial(_isPaired ? ExprFactory.Int(_units.Constant / 2) : _hidden, pair =>
        {
            for (var chain = 0; chain < chains; chain++)
            {
                var unit = (pair * chains) + chain;
                var h = Kernel.Let(ExprFactory.Load(vector, unit));
                for (var g = 0; g < initial.Length; g++)
                {
                    var sum = sums[(chain * initial.Length) + g];
                    var row = (((((_direction * _hidden) + unit) * _gates) + (firstGate + g)) * _hidden) + v;
                    Kernel.Assign(sum, ExprFactory.Read(sum) + (h * Widen(ExprFactory.Load(_r, row))));
                }
            }
        });
        return [.. Enumerable.Range(0, initial.Length).Select(g => Kernel.Let(Enumerable.Range(0, chains)
            .Select(chain => ExprFactory.Read(sums[(chain * initial.Length) + g])).Aggregate((a, b) => a + b)))];
    }

    internal Expr Widen(Expr x) => ExprFactory.Cast(Type, x);

    internal Expr Narrow(Expr x) => ExprFactory.Cast(_x.Type, x);

    internal void Begin(Expr direction)
    {
        _direction = direction;
        for (var i = 0; i < _states.Length; i++)
        {
            (_states[i], _next[i]) = (Scratch("state"), Scratch("next"));
        }
    }

    internal void Time(Expr offset) => _time = Kernel.Let(offset);

    /// <summary>Takes over the next states of a unit and gives the first of them.</summary>
    internal Expr Advance(Expr v)
    {
        for (var i = _states.Length - 1; i >= 0; i--)
        {
            Kernel.Store(_states[i], v, ExprFactory.Load(_next[i], v));
        }

        return ExprFactory.Load(_states[0], v);
    }
}
