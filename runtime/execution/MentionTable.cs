using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Collects where steps mention values and works out lifetimes. A value belongs to the innermost program around all its mentions; a
/// mention inside a loop body of a value from outside keeps it alive through the whole loop. A mention of an alias is one of its base.
/// </summary>
internal sealed class MentionTable
{
    private readonly ExecutableModel _model;
    private readonly List<(int Root, int Position, int Program)> _mentions = [];
    private readonly bool[] _mentioned;
    private readonly int[] _parent;
    private readonly int[] _depth;
    private readonly (int Start, int End)[] _loop;
    private readonly int[] _owner;
    private readonly int[] _start;
    private readonly int[] _end;

    public MentionTable(ExecutableModel model)
    {
        _model = model;
        _mentioned = new bool[model.Values.Length];
        _parent = new int[model.Programs.Length];
        _depth = new int[model.Programs.Length];
        _loop = new (int, int)[model.Programs.Length];
        _owner = new int[model.Values.Length];
        _start = new int[model.Values.Length];
        _end = new int[model.Values.Length];
        Array.Fill(_owner, -1);
        Array.Fill(_start, int.MaxValue);
        Array.Fill(_end, -1);
    }

    /// <summary>Says that <paramref name="program"/> is run by a step of <paramref name="parent"/>.</summary>
    public void Enter(int program, int parent)
    {
        _parent[program] = parent;
        _depth[program] = _depth[parent] + 1;
    }

    /// <summary>Says that <paramref name="program"/> is the body of a loop at these positions.</summary>
    public void SetLoop(int program, int start, int end) => _loop[program] = (start, end);

    public void Add(int value, int position, int program)
    {
        _mentioned[value] = true;
        while (_model.Values[value].Storage == StorageKind.Alias)
        {
            value = _model.Values[value].Index;
            _mentioned[value] = true;
        }

        _mentions.Add((value, position, program));
    }

    /// <summary>Works out owners and lifetimes from all mentions.</summary>
    public void Finish()
    {
        foreach (var (root, _, program) in _mentions)
        {
            _owner[root] = _owner[root] < 0 ? program : CommonAncestor(_owner[root], program);
        }

        foreach (var (root, position, program) in _mentions)
        {
            var (start, end) = (position, position);
            for (int p = program; p != _owner[root]; p = _parent[p])
            {
                // The outermost loop below the owner wins, as it is met last.
                if (_loop[p].End > 0)
                {
                    (start, end) = _loop[p];
                }
            }

            _start[root] = Math.Min(_start[root], Math.Min(start, position));
            _end[root] = Math.Max(_end[root], Math.Max(end, position));
        }
    }

    public bool IsMentioned(int value) => _mentioned[value];

    public int OwnerOf(int value) => _owner[value];

    public (int Start, int End) LifetimeOf(int value) => (_start[value], _end[value]);

    public int RootOf(int value)
    {
        while (_model.Values[value].Storage == StorageKind.Alias)
        {
            value = _model.Values[value].Index;
        }

        return value;
    }

    private int CommonAncestor(int a, int b)
    {
        while (a != b)
        {
            if (_depth[a] >= _depth[b])
            {
                a = _parent[a];
            }
            else
            {
                b = _parent[b];
            }
        }

        return a;
    }
}
