using System.Buffers.Binary;

namespace Dlc.Codegen.Image;

/// <summary>
/// Flattens relocatable objects into one image: lays sections out, then resolves every relocation between them. This is all
/// the linking that kernels need, because they refer to nothing outside the image.
/// </summary>
internal sealed class ImageBuilder
{
    private readonly List<ElfObject> objects = [];

    /// <summary>Adds an ELF object; the order of addition is the order in the image.</summary>
    /// <exception cref="InvalidDataException">It is not a relocatable x86-64 ELF object.</exception>
    internal void Add(ReadOnlySpan<byte> file) => objects.Add(ElfObject.Parse(file));

    /// <summary>Lays out and links what was added.</summary>
    /// <returns>The bytes, where code starts, and the offset of each global symbol.</returns>
    /// <exception cref="InvalidDataException">
    /// An object refers to a symbol that none defines, two define the same one, or it holds writable data or absolute addresses.
    /// </exception>
    internal (byte[] Bytes, int CodeOffset, SortedDictionary<string, int> Symbols) Build()
    {
        int[][] offsets = [.. objects.Select(o => new int[o.Sections.Length])];
        int end = Place(0, executable: false, offsets);
        int codeOffset = Align(end, CodeImage.PageBytes);
        end = Place(codeOffset, executable: true, offsets);
        byte[] image = new byte[end];
        SortedDictionary<string, int> globals = new(StringComparer.Ordinal);
        for (int o = 0; o < objects.Count; o++)
        {
            foreach (ElfObject.Symbol symbol in objects[o].Symbols.Where(s => s.IsDefinedGlobal))
            {
                if (!globals.TryAdd(symbol.Name, checked(offsets[o][symbol.Section] + (int)symbol.Value)))
                {
                    throw new InvalidDataException($"symbol '{symbol.Name}' is defined twice");
                }
            }
        }

        for (int o = 0; o < objects.Count; o++)
        {
            Link(objects[o], offsets[o], globals, image);
        }

        return (image, codeOffset, globals);
    }

    private static int Align(int offset, int alignment) => checked(offset + alignment - 1) & -alignment;

    private int Place(int start, bool executable, int[][] offsets)
    {
        for (int o = 0; o < objects.Count; o++)
        {
            ElfObject.Section[] sections = objects[o].Sections;
            for (int s = 0; s < sections.Length; s++)
            {
                ElfObject.Section section = sections[s];
                if (!section.IsAllocated || section.IsExecutable != executable || IsDiscarded(section))
                {
                    continue;
                }

                if (section.IsWritable || section.Type == ElfObject.Section.TypeNoBits)
                {
                    throw new InvalidDataException($"section '{section.Name}' is writable: kernels keep no state in the image");
                }

                start = Align(start, section.Alignment);
                offsets[o][s] = start;
                start = checked(start + section.Size);
            }
        }

        return start;
    }

    // Kernels never throw, so nobody reads unwind tables.
    private static bool IsDiscarded(ElfObject.Section section) => section.Name is ".eh_frame" or ".llvm_addrsig";

    private static void Link(ElfObject obj, int[] offsets, SortedDictionary<string, int> globals, byte[] image)
    {
        for (int s = 0; s < obj.Sections.Length; s++)
        {
            ElfObject.Section section = obj.Sections[s];
            if (!section.IsAllocated || IsDiscarded(section))
            {
                continue;
            }

            section.Contents.CopyTo(image, offsets[s]);
            foreach (ElfObject.Relocation relocation in section.Relocations)
            {
                ElfObject.Symbol symbol = obj.Symbols[relocation.Symbol];
                long target = Resolve(symbol, offsets, globals, section.Name) + relocation.Addend;
                Apply(image, offsets[s] + relocation.Offset, relocation.Type, target, section.Name, symbol.Name);
            }
        }
    }

    private static long Resolve(ElfObject.Symbol symbol, int[] offsets, SortedDictionary<string, int> globals, string section)
    {
        const int firstReserved = 0xff00;
        if (symbol.Section is > 0 and < firstReserved)
        {
            return offsets[symbol.Section] + symbol.Value;
        }

        return globals.TryGetValue(symbol.Name, out int offset)
            ? offset
            : throw new InvalidDataException($"section '{section}' refers to the external symbol '{symbol.Name}': images are self-contained");
    }

    private static void Apply(byte[] image, int place, RelocationType type, long target, string section, string symbol)
    {
        switch (type)
        {
            case RelocationType.Pc32 or RelocationType.Plt32:
                BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(place), checked((int)(target - place)));
                break;
            case RelocationType.Pc64:
                BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(place), target - place);
                break;
            case RelocationType.GotPcRel or RelocationType.GotPcRelX or RelocationType.RexGotPcRelX:
                RelaxLoadOfAddress(image, place, section, symbol);
                BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(place), checked((int)(target - place)));
                break;
            default:
                throw new InvalidDataException(
                    $"section '{section}' holds relocation {type} to '{symbol}': images hold no absolute addresses");
        }
    }

    // There is no table of addresses: "mov reg, [rip + slot]" becomes "lea reg, [rip + symbol]" (psABI B.2).
    private static void RelaxLoadOfAddress(byte[] image, int place, string section, string symbol)
    {
        const byte mov = 0x8b;
        const byte lea = 0x8d;
        if (image[place - 2] != mov)
        {
            throw new InvalidDataException($"section '{section}' uses the address of '{symbol}' in a way that cannot be made relative");
        }

        image[place - 2] = lea;
    }
}
