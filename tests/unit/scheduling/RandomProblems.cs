using System.Collections.Immutable;
using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;

namespace Dlc.Tests.Unit.Scheduling;

/// <summary>Problems and dims drawn from a seed.</summary>
internal sealed class RandomProblems
{
    private readonly Random _random;
    private readonly DimContext _dims = new();
    private readonly Dim[] _symbols;

    public RandomProblems(int seed)
    {
        _random = new Random(seed);
        Facts = new Facts(_dims);
        _symbols = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(i => Facts.NewDim($"s{i}", 1, 8192))];
    }

    public Facts Facts { get; }

    /// <summary>Sizes, each drawn on a logarithmic scale.</summary>
    public DimEvaluator Dims()
    {
        var binding = new DimEvaluator(_dims);
        foreach (var symbol in _symbols)
        {
            binding.Bind(symbol, (long)Math.Pow(2, 13 * _random.NextDouble()));
        }

        return binding;
    }

    /// <summary>Steps that read one to three earlier results each; some results are read by nobody, some are outputs, some overwrite an input.</summary>
    public SchedulingProblem Problem(int steps)
    {
        var reach = _random.Next(2, steps + 2);
        var bytes = new List<Dim>();
        var writers = new List<int>();
        var readers = new List<List<int>>();
        var after = new List<SortedSet<int>>();
        var inPlace = new List<List<BufferPair>>();
        for (var b = _random.Next(3); b > 0; b--)
        {
            NewBuffer(-1);
        }

        for (var s = 0; s < steps; s++)
        {
            after.Add([]);
            inPlace.Add([]);
            var known = bytes.Count;
            var inputs = new SortedSet<int>();
            for (var k = known == 0 || _random.Next(6) == 0 ? 0 : _random.Next(1, 4); k > 0; k--)
            {
                inputs.Add(_random.Next(Math.Max(0, known - reach), known));
            }

            foreach (var input in inputs)
            {
                readers[input].Add(s);
                if (writers[input] >= 0)
                {
                    after[s].Add(writers[input]);
                }
            }

            for (var k = _random.Next(8) == 0 ? 2 : 1; k > 0; k--)
            {
                var output = NewBuffer(s);
                if (inputs.Count > 0 && _random.Next(4) == 0)
                {
                    var input = inputs.ElementAt(_random.Next(inputs.Count));
                    bytes[output] = bytes[input];
                    inPlace[s].Add(new BufferPair(output, input));
                }
            }

            // Now and then an order that no data asks for.
            if (s > 0 && _random.Next(12) == 0)
            {
                after[s].Add(_random.Next(s));
            }
        }

        return new SchedulingProblem(
            [.. after.Select((a, s) => new SchedulingStep([.. a], [.. inPlace[s]], _random.Next(6) == 0 ? [Size()] : []))],
            [.. bytes.Select((size, b) => new SchedulingBuffer(
                size, writers[b] < 0 ? [] : [writers[b]], [.. readers[b]], writers[b] < 0, readers[b].Count == 0 ? _random.Next(2) == 0 : _random.Next(10) == 0))]);

        int NewBuffer(int writer)
        {
            bytes.Add(Size());
            writers.Add(writer);
            readers.Add([]);
            return bytes.Count - 1;
        }
    }

    private Dim Size()
    {
        var size = _dims.Const(4 * _random.Next(1, 65));
        for (var factors = _random.Next(1, 3); factors > 0; factors--)
        {
            size *= _symbols[_random.Next(_symbols.Length)];
        }

        return _random.Next(8) == 0 ? size + _dims.Const(_random.Next(1, 4096)) : size;
    }
}
