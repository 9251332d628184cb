namespace Dlc.Passes.Scheduling;

/// <summary>Runs the steps of a problem one by one and keeps count of the live bytes.</summary>
internal sealed class LiveWalk
{
    private readonly SizedProblem _problem;
    private readonly ProblemShape _shape;
    private readonly bool[] _isOpen;
    private readonly int[] _closersLeft;

    /// <summary>The exclusive or of the closers that are left: the last one itself when it is alone.</summary>
    private readonly int[] _closersMix;

    public LiveWalk(SizedProblem problem)
    {
        _problem = problem;
        _shape = problem.Shape;
        var buffers = _shape.Buffers;
        _isOpen = new bool[buffers.Length];
        _closersLeft = new int[buffers.Length];
        _closersMix = new int[buffers.Length];
        for (var b = 0; b < buffers.Length; b++)
        {
            _closersLeft[b] = buffers[b].Closers.Length;
            foreach (var step in buffers[b].Closers)
            {
                _closersMix[b] ^= step;
            }

            if (buffers[b].IsLiveIn)
            {
                _isOpen[b] = true;
                Live += problem.Sizes[b];
            }
        }

        Peak = Live;
    }

    public long Live { get; private set; }

    public long Peak { get; private set; }

    /// <summary>Whether a buffer has been allocated; it may be free again.</summary>
    public bool IsOpen(int buffer) => _isOpen[buffer];

    /// <summary>Other steps whose effect has changed as the given step is about to run: they would have allocated what it allocates now.</summary>
    public IEnumerable<int> OtherOpeners(int step)
    {
        foreach (var touch in _shape.Touches[step])
        {
            if (touch.Opens && !_isOpen[touch.Buffer] && _shape.Buffers[touch.Buffer].Openers.Length > 1)
            {
                foreach (var other in _shape.Buffers[touch.Buffer].Openers)
                {
                    if (other != step)
                    {
                        yield return other;
                    }
                }
            }
        }
    }

    /// <summary>The only step that still keeps a buffer live; -1 where there are several, or none can close it.</summary>
    public int LastCloser(int buffer) => _closersLeft[buffer] == 1 && !_shape.Buffers[buffer].IsLiveOut ? _closersMix[buffer] : -1;

    /// <summary>What a step would add to the live bytes, and how far above the present ones they would rise while it runs.</summary>
    public (long Net, long Rise) Measure(int step)
    {
        long opened = 0, closed = 0;
        foreach (var touch in _shape.Touches[step])
        {
            if (touch.Opens && !_isOpen[touch.Buffer])
            {
                opened += _problem.Sizes[touch.Buffer];
            }

            if (touch.Closes && LastCloser(touch.Buffer) == step)
            {
                closed += _problem.Sizes[touch.Buffer];
            }
        }

        return (opened - closed, opened + _problem.Transient[step] - Merged(step));
    }

    /// <summary>Runs a step; returns the bytes that were live while it ran.</summary>
    public long Run(int step)
    {
        var (net, rise) = Measure(step);
        foreach (var touch in _shape.Touches[step])
        {
            _isOpen[touch.Buffer] |= touch.Opens;
            if (touch.Closes)
            {
                _closersLeft[touch.Buffer]--;
                _closersMix[touch.Buffer] ^= step;
            }
        }

        var high = Live + rise;
        Live += net;
        Peak = Math.Max(Peak, Math.Max(high, Live));
        return high;
    }

    /// <summary>The outputs that take the place of inputs when the step runs now.</summary>
    public IEnumerable<int> MergedOutputs(int step)
    {
        var pairs = _shape.InPlace[step];
        for (var i = 0; i < pairs.Length; i++)
        {
            if (CanMerge(pairs[i], step) && !IsTaken(pairs.AsSpan(0, i), pairs[i], step))
            {
                yield return pairs[i].Output;
            }
        }
    }

    private long Merged(int step)
    {
        long merged = 0;
        if (_shape.InPlace[step].Length > 0)
        {
            foreach (var output in MergedOutputs(step))
            {
                merged += _problem.Sizes[output];
            }
        }

        return merged;
    }

    private bool CanMerge(BufferPair pair, int step) => !_isOpen[pair.Output] && LastCloser(pair.Input) == step;

    /// <summary>An earlier pair with one of the buffers was used if it could be.</summary>
    private bool IsTaken(ReadOnlySpan<BufferPair> earlier, BufferPair pair, int step)
    {
        foreach (var other in earlier)
        {
            if ((other.Output == pair.Output || other.Input == pair.Input) && CanMerge(other, step))
            {
                return true;
            }
        }

        return false;
    }
}
