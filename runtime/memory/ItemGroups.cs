using Dlc.Runtime.Execution;

namespace Dlc.Runtime.Memory;

/// <summary>Items of a bind point joined to buffers: those that are written in place of one that ends are one piece of memory.</summary>
internal sealed class ItemGroups
{
    private readonly int[] _groupOf;
    private readonly LifetimeTable _lifetimes;

    /// <summary>Joins items.</summary>
    /// <param name="lifetimes">Of the items.</param>
    /// <param name="pairs">What may be joined, by rising place.</param>
    /// <param name="sizes">Bytes of the items.</param>
    /// <param name="bytesOf">Bytes of a value: one that is read or written in place must be the whole item.</param>
    public ItemGroups(LifetimeTable lifetimes, ItemPair[] pairs, ReadOnlySpan<long> sizes, ReadOnlySpan<long> bytesOf)
    {
        _lifetimes = lifetimes;
        _groupOf = new int[lifetimes.Count];
        for (int i = 0; i < _groupOf.Length; i++)
        {
            _groupOf[i] = i;
        }

        // Each item is handed on once and taken over once; only the two branches of an If both hand on to one result.
        var handed = new bool[_groupOf.Length];
        var taken = new bool[_groupOf.Length];
        foreach (var pair in pairs)
        {
            if (sizes[pair.From] == 0 || sizes[pair.From] != sizes[pair.To] || bytesOf[pair.FromValue] != sizes[pair.From]
                || bytesOf[pair.ToValue] != sizes[pair.To] || handed[pair.From] || taken[pair.To])
            {
                continue;
            }

            handed[pair.From] = true;
            taken[pair.To] = !pair.IsBranch;
            Join(pair.From, pair.To);
        }

        Count = Number();
    }

    /// <summary>Buffers.</summary>
    public int Count { get; }

    /// <summary>The buffer of an item: buffers are numbered by their first items.</summary>
    public int this[int item] => _groupOf[item];

    /// <summary>The planning problem of the buffers, after those that are placed already.</summary>
    public ArenaProblem Problem(ReadOnlySpan<long> sizes, ReadOnlySpan<PlacedBuffer> obstacles, long wall)
    {
        int count = obstacles.Length + Count;
        var problem = new ArenaProblem
        {
            Start = new int[count],
            End = new int[count],
            Bytes = new long[count],
            Fixed = obstacles.Length,
            Wall = wall,
        };
        for (int i = 0; i < obstacles.Length; i++)
        {
            (problem.Start[i], problem.End[i], problem.Bytes[i]) = (obstacles[i].Start, obstacles[i].End, obstacles[i].Bytes);
        }

        problem.Start.AsSpan(obstacles.Length).Fill(int.MaxValue);
        for (int i = 0; i < _groupOf.Length; i++)
        {
            int group = obstacles.Length + _groupOf[i];
            problem.Start[group] = Math.Min(problem.Start[group], _lifetimes.Start[i]);
            problem.End[group] = Math.Max(problem.End[group], _lifetimes.End[i]);
            problem.Bytes[group] = ArenaProblem.Round(sizes[i]);
        }

        return problem;
    }

    private void Join(int a, int b)
    {
        (a, b) = (Root(a), Root(b));
        _groupOf[Math.Max(a, b)] = Math.Min(a, b);
    }

    private int Root(int item)
    {
        while (_groupOf[item] != item)
        {
            item = _groupOf[item];
        }

        return item;
    }

    private int Number()
    {
        int count = 0;
        for (int i = 0; i < _groupOf.Length; i++)
        {
            // The root has a lower number, which has been replaced by its group's already.
            _groupOf[i] = _groupOf[i] == i ? count++ : _groupOf[_groupOf[i]];
        }

        return count;
    }
}
