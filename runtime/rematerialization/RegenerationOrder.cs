namespace Dlc.Runtime.Rematerialization;

/// <summary>What has to be reloaded and run again, and in which order, so that some missing values are there. Keeps its tables between uses.</summary>
internal sealed class RegenerationOrder(StepTopology topology)
{
    private readonly List<(bool IsReload, int Subject)> _order = [];
    private readonly int[] _valueStamp = new int[topology.Values];
    private readonly int[] _stepStamp = new int[topology.Steps];
    private readonly int[] _lastUse = new int[topology.Values];
    private readonly Stack<(int Value, int Writer, int Read)> _pending = [];
    private int _stamp;

    public int Count => _order.Count;

    public (bool IsReload, int Subject) this[int index] => _order[index];

    /// <summary>Starts anew.</summary>
    public void Begin()
    {
        _stamp++;
        _order.Clear();
        _pending.Clear();
    }

    /// <summary>Whether the value is one that is brought back.</summary>
    public bool IsWanted(int value) => _valueStamp[value] == _stamp;

    /// <summary>The last position at which a recomputation reads the value.</summary>
    public int LastUse(int value) => _lastUse[value];

    /// <summary>Adds what a value needs. False where that cannot be had at this step.</summary>
    /// <param name="value">A value that is not there.</param>
    /// <param name="step">Serves this step of the program.</param>
    /// <param name="where">By value, negative where it is not there.</param>
    /// <param name="onHost">By value, whether a copy is outside.</param>
    public bool Add(int value, int step, int[] where, bool[] onHost)
    {
        if (!Visit(value, onHost))
        {
            return IsWanted(value);
        }

        while (_pending.TryPop(out var at))
        {
            var writers = topology.Writers[at.Value];
            if (at.Writer == writers.Length)
            {
                continue;
            }

            var writer = writers[at.Writer];
            var reads = topology.Reads[writer];
            if (at.Read == reads.Length)
            {
                Append(writer);
                _pending.Push((at.Value, at.Writer + 1, 0));
                continue;
            }

            var read = reads[at.Read];
            _pending.Push(at with { Read = at.Read + 1 });
            if (topology.IsResident[read])
            {
                if (topology.IsReplaced(read, writer, step))
                {
                    return false;
                }
            }
            else if (read != at.Value && where[read] < 0 && !IsWanted(read) && !Visit(read, onHost) && !IsWanted(read))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when the value is to be computed; a reload is complete at once.</summary>
    private bool Visit(int value, bool[] onHost)
    {
        if (IsWanted(value))
        {
            return false;
        }

        if (onHost[value])
        {
            _valueStamp[value] = _stamp;
            _lastUse[value] = -1;
            if (!IsMade(value))
            {
                _order.Add((true, value));
            }

            return false;
        }

        if (!topology.CanRecompute[value])
        {
            return false;
        }

        _valueStamp[value] = _stamp;
        _lastUse[value] = -1;
        _pending.Push((value, 0, 0));
        return true;
    }

    /// <summary>Whether all that makes the value runs again already, for other values.</summary>
    private bool IsMade(int value)
    {
        foreach (var writer in topology.Writers[value])
        {
            if (_stepStamp[writer] != _stamp)
            {
                return false;
            }
        }

        return topology.CanRecompute[value];
    }

    private void Append(int step)
    {
        if (_stepStamp[step] == _stamp)
        {
            return;
        }

        _stepStamp[step] = _stamp;
        foreach (var read in topology.Reads[step])
        {
            _lastUse[read] = _order.Count;
        }

        _order.Add((false, step));
    }
}
