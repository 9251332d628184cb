using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <summary>Where the variables of a module lie, and their contents. Freed by <see cref="Dispose"/>.</summary>
internal sealed class ModuleLayout : IDisposable
{
    private readonly Dictionary<string, Symbol> _symbols = [];

    /// <summary>Lays out what the text declares.</summary>
    public ModuleLayout(PtxText text)
    {
        var globals = new List<Region>();
        var constants = new List<(PtxVariable Variable, long Offset)>();
        long constantEnd = 0;
        foreach (var variable in text.Variables)
        {
            switch (variable.Space)
            {
                case "global":
                    ulong address = AddressSpace.ModuleGlobals + ((ulong)globals.Count << AddressSpace.SlotShift);
                    globals.Add(new Region(variable.Name, variable.Bytes, address));
                    Fill(globals[^1], 0, variable);
                    _symbols[variable.Name] = new(Space.Global, address);
                    break;
                case "const":
                    constantEnd = Align(constantEnd, variable.Alignment);
                    constants.Add((variable, constantEnd));
                    _symbols[variable.Name] = new(Space.Constant, (ulong)constantEnd);
                    constantEnd += variable.Bytes;
                    break;
            }
        }

        Constants = new Region("the module's constants", constantEnd, 0) { IsReadOnly = true };
        foreach (var (variable, offset) in constants)
        {
            Fill(Constants, offset, variable);
        }

        Globals = [.. globals];
    }

    /// <summary>Held while a kernel of the module runs.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The module's global variables.</summary>
    public Region[] Globals { get; }

    /// <summary>The module's constants.</summary>
    public Region Constants { get; }

    /// <summary>A variable; null for none.</summary>
    public Symbol? Find(string name) => _symbols.TryGetValue(name, out var symbol) ? symbol : null;

    /// <summary>The least multiple of <paramref name="alignment"/> that is not below <paramref name="offset"/>.</summary>
    public static long Align(long offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    /// <inheritdoc/>
    public void Dispose()
    {
        Constants.Dispose();
        foreach (var region in Globals)
        {
            region.Dispose();
        }
    }

    private static unsafe void Fill(Region region, long offset, PtxVariable variable)
    {
        for (long i = 0; i < variable.Bytes; i++)
        {
            region.Data[offset + i] = i < variable.Content.Length ? variable.Content[i] : (byte)0;
            region.Valid[offset + i] = 1;
        }
    }
}
