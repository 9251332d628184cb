using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <summary>Where the shared variables lie that a kernel and the functions it calls name.</summary>
internal sealed class SharedLayout
{
    // Between variables, so that an index beyond one of them is found; a multiple of all banks.
    private const int Gap = 256;

    private readonly Dictionary<string, Symbol> _symbols = [];
    private readonly List<(long Start, long End, string Name)> _parts = [];
    private long _end;

    /// <summary>Lays out what <paramref name="kernel"/> uses.</summary>
    public SharedLayout(PtxText text, PtxFunction kernel)
    {
        var names = new HashSet<string>();
        var functions = new List<PtxFunction> { kernel };
        for (int i = 0; i < functions.Count; i++)
        {
            foreach (var operand in functions[i].Body.SelectMany(instruction => instruction.Operands))
            {
                Collect(operand, names);
            }

            functions.AddRange(names.Select(n => text.Functions.GetValueOrDefault(n)).OfType<PtxFunction>().Except(functions).ToList());
        }

        foreach (var variable in text.Variables.Where(v => v.Space == "shared" && v.Bytes >= 0 && names.Contains(v.Name)))
        {
            Add(variable, variable.Name);
        }

        foreach (var function in functions)
        {
            foreach (var variable in function.Variables.Where(v => v.Space == "shared" && v.Bytes >= 0))
            {
                Add(variable, $"{function.Name}/{variable.Name}");
            }
        }

        foreach (var variable in text.Variables.Where(v => v.Space == "shared" && v.Bytes < 0 && names.Contains(v.Name)))
        {
            _symbols[variable.Name] = new(Space.Shared, (ulong)_end);
            HasDynamic = true;
        }
    }

    /// <summary>The variables of known size.</summary>
    public IReadOnlyList<(long Start, long End, string Name)> Parts => _parts;

    /// <summary>Their bytes, without gaps.</summary>
    public long Bytes { get; private set; }

    /// <summary>Where dynamic shared memory starts.</summary>
    public int DynamicStart => (int)_end;

    /// <summary>Whether dynamic shared memory is named.</summary>
    public bool HasDynamic { get; }

    /// <summary>A variable of the module or of a function; null for none.</summary>
    public Symbol? Find(string name, string function) =>
        _symbols.TryGetValue($"{function}/{name}", out var own) ? own : _symbols.TryGetValue(name, out var symbol) ? symbol : null;

    private static void Collect(PtxOperand operand, HashSet<string> names)
    {
        names.Add(operand.Name);
        foreach (var part in operand.Parts)
        {
            Collect(part, names);
        }
    }

    private void Add(PtxVariable variable, string name)
    {
        long start = ModuleLayout.Align(_end, Math.Max(variable.Alignment, Gap));
        _symbols[name] = new(Space.Shared, (ulong)start);
        _parts.Add((start, start + variable.Bytes, variable.Name));
        Bytes += variable.Bytes;
        _end = ModuleLayout.Align(start + variable.Bytes + Gap, Gap);
    }
}
