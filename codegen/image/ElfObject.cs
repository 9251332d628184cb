using System.Buffers.Binary;
using System.Text;

namespace Dlc.Codegen.Image;

/// <summary>
/// A relocatable ELF64 x86-64 object (System V gABI, x86-64 psABI) read from memory: sections, symbols and relocations.
/// </summary>
internal sealed class ElfObject
{
    private const int SectionHeaderBytes = 64;
    private const int SymbolBytes = 24;
    private const int RelaBytes = 24;
    private const uint TypeSymbolTable = 2;
    private const uint TypeRela = 4;

    private ElfObject(Section[] sections, Symbol[] symbols)
    {
        Sections = sections;
        Symbols = symbols;
    }

    /// <summary>Sections in file order; index 0 is the null section.</summary>
    internal Section[] Sections { get; }

    /// <summary>Symbols in file order; index 0 is the null symbol.</summary>
    internal Symbol[] Symbols { get; }

    /// <summary>Parses <paramref name="file"/>.</summary>
    /// <exception cref="InvalidDataException">It is not a relocatable x86-64 object.</exception>
    internal static ElfObject Parse(ReadOnlySpan<byte> file)
    {
        const ushort relocatable = 1;
        const ushort x86 = 62;
        if (file.Length < 64 || !file[..6].SequenceEqual<byte>([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]) ||
            U16(file, 16) != relocatable || U16(file, 18) != x86)
        {
            throw new InvalidDataException("not a relocatable x86-64 ELF object");
        }

        int table = checked((int)U64(file, 40));
        int count = U16(file, 60);
        int names = U16(file, 62);
        Section[] sections = new Section[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = file.Slice(table + (i * SectionHeaderBytes), SectionHeaderBytes);
            int offset = checked((int)U64(header, 24));
            int size = checked((int)U64(header, 32));
            uint type = U32(header, 4);
            sections[i] = new Section
            {
                NameOffset = (int)U32(header, 0),
                Type = type,
                Flags = U64(header, 8),
                Size = size,
                Link = (int)U32(header, 40),
                Info = (int)U32(header, 44),
                Alignment = Math.Max(1, checked((int)U64(header, 48))),
                Contents = type == Section.TypeNoBits ? [] : file.Slice(offset, size).ToArray(),
            };
        }

        Symbol[] symbols = [];
        foreach (Section section in sections)
        {
            section.Name = Text(sections[names].Contents, section.NameOffset);
            if (section.Type == TypeSymbolTable)
            {
                symbols = ReadSymbols(section.Contents, sections[section.Link].Contents);
            }
        }

        foreach (Section section in sections.Where(s => s.Type == TypeRela))
        {
            sections[section.Info].Relocations = ReadRelocations(section.Contents);
        }

        return new ElfObject(sections, symbols);
    }

    private static Symbol[] ReadSymbols(ReadOnlySpan<byte> table, ReadOnlySpan<byte> strings)
    {
        Symbol[] symbols = new Symbol[table.Length / SymbolBytes];
        for (int i = 0; i < symbols.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * SymbolBytes, SymbolBytes);
            symbols[i] = new Symbol(
                Text(strings, (int)U32(entry, 0)), U16(entry, 6), checked((long)U64(entry, 8)), entry[4] >> 4, entry[4] & 15);
        }

        return symbols;
    }

    private static Relocation[] ReadRelocations(ReadOnlySpan<byte> table)
    {
        Relocation[] relocations = new Relocation[table.Length / RelaBytes];
        for (int i = 0; i < relocations.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * RelaBytes, RelaBytes);
            ulong info = U64(entry, 8);
            relocations[i] = new Relocation(
                checked((int)U64(entry, 0)), (RelocationType)(uint)info, (int)(info >> 32), (long)U64(entry, 16));
        }

        return relocations;
    }

    private static string Text(ReadOnlySpan<byte> strings, int offset)
    {
        ReadOnlySpan<byte> rest = strings[offset..];
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    /// <summary>A section with its relocations.</summary>
    internal sealed class Section
    {
        internal const uint TypeNoBits = 8;
        private const ulong FlagWrite = 1;
        private const ulong FlagAlloc = 2;
        private const ulong FlagExecute = 4;

        internal string Name { get; set; } = "";

        internal int NameOffset { get; init; }

        internal uint Type { get; init; }

        internal ulong Flags { get; init; }

        /// <summary>Bytes in memory.</summary>
        internal int Size { get; init; }

        internal int Link { get; init; }

        internal int Info { get; init; }

        /// <summary>Bytes, a power of two.</summary>
        internal int Alignment { get; init; }

        internal byte[] Contents { get; init; } = [];

        internal Relocation[] Relocations { get; set; } = [];

        internal bool IsAllocated => (Flags & FlagAlloc) != 0 && Size > 0;

        internal bool IsWritable => (Flags & FlagWrite) != 0;

        internal bool IsExecutable => (Flags & FlagExecute) != 0;
    }

    /// <summary>A symbol: section 0 is undefined; type 3 is the section itself.</summary>
    internal readonly record struct Symbol(string Name, int Section, long Value, int Binding, int Type)
    {
        internal const int GlobalBinding = 1;

        internal bool IsDefinedGlobal => Binding == GlobalBinding && Section != 0;
    }

    /// <summary>A place of 4 bytes at <paramref name="Offset"/> of the section that depends on where a symbol ends up.</summary>
    internal readonly record struct Relocation(int Offset, RelocationType Type, int Symbol, long Addend);
}
