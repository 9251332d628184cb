using System.Collections.Immutable;
using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;

namespace Dlc.Bench;

/// <summary>Large problems of known form. Sizes are multiples of one or two symbols.</summary>
public sealed class ProblemShapes
{
    private readonly DimContext _dims = new();
    private readonly Dim _batch;
    private readonly Dim _length;
    private readonly List<List<int>> _after = [];
    private readonly List<Dim> _bytes = [];
    private readonly List<int> _writer = [];
    private readonly List<List<int>> _readers = [];

    /// <summary>Begins without steps. Each instance builds one problem.</summary>
    public ProblemShapes()
    {
        Facts = new Facts(_dims);
        _batch = Facts.NewDim("batch", 1, 1024);
        _length = Facts.NewDim("length", 1, 4096);
    }

    /// <summary>Ranges of the symbols.</summary>
    public Facts Facts { get; }

    /// <summary>The symbols' values.</summary>
    public DimEvaluator Dims(long batch, long length) => new DimEvaluator(_dims).Bind(_batch, batch).Bind(_length, length);

    /// <summary>Each step reads the result of the one before; every second result is wide.</summary>
    public SchedulingProblem Chain(int steps)
    {
        var last = -1;
        for (var i = 0; i < steps; i++)
        {
            last = Step(_batch * (i % 2 == 0 ? 64 : 256), last < 0 ? [] : [last]);
        }

        return Build();
    }

    /// <summary>Many independent branches, breadth first: each makes something wide and reduces it; one step reads all.</summary>
    public SchedulingProblem Wide(int branches)
    {
        var source = Step(_batch, []);
        int[] wide = [.. Enumerable.Range(0, branches).Select(i => Step(_batch * _length * (1 + (i % 7)), [source]))];
        int[] narrow = [.. wide.Select((w, i) => Step(_batch * (4 + (i % 5)), [w]))];
        Step(_batch, narrow);
        return Build();
    }

    /// <summary>
    /// A training step listed as frameworks list it: forward with long skips, then backward, each layer of which reads what the forward layer made, and at
    /// the end, one after the other, the weight gradients.
    /// </summary>
    public SchedulingProblem Training(int layers)
    {
        var x = Step(_batch * _length * 64, []);
        var inputs = new int[layers];
        var hidden = new int[layers];
        for (var l = 0; l < layers; l++)
        {
            inputs[l] = x;
            hidden[l] = Step(_batch * _length * 256, [x]);
            x = Step(_batch * _length * 64, [hidden[l], x]);
        }

        var gradient = Step(_batch * _length * 64, [x]);
        var middles = new int[layers];
        var outs = new int[layers];
        for (var l = layers - 1; l >= 0; l--)
        {
            outs[l] = gradient;
            middles[l] = Step(_batch * _length * 256, [gradient, hidden[l]]);
            gradient = Step(_batch * _length * 64, [gradient, middles[l]]);
        }

        for (var l = 0; l < layers; l++)
        {
            var second = Step(_dims.Const(4096), [hidden[l], outs[l]]);
            var first = Step(_dims.Const(4096), [inputs[l], middles[l]]);
            Step(_dims.Const(4), [second, first]);
        }

        return Build();
    }

    /// <summary>Every step reads up to three of the last few results.</summary>
    public SchedulingProblem Tangle(int steps, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < steps; i++)
        {
            var inputs = Enumerable.Range(0, i == 0 ? 0 : random.Next(1, 4)).Select(_ => random.Next(Math.Max(0, i - 40), i)).Distinct().ToArray();
            Step((random.Next(2) == 0 ? _batch * _length : _batch * 512) * random.Next(1, 9), inputs);
        }

        return Build();
    }

    private int Step(Dim bytes, int[] inputs)
    {
        var step = _after.Count;
        _after.Add([.. inputs]);
        _bytes.Add(bytes);
        _writer.Add(step);
        _readers.Add([]);
        foreach (var input in inputs)
        {
            _readers[input].Add(step);
        }

        return step;
    }

    private SchedulingProblem Build() => new(
        [.. _after.Select(a => new SchedulingStep([.. a]))],
        [.. _bytes.Select((b, i) => new SchedulingBuffer(b, [_writer[i]], [.. _readers[i]]))]);
}
