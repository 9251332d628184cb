using System.Buffers.Binary;

namespace Dlc.Runtime.Format;

/// <summary>
/// The first <see cref="HeaderBytes"/> bytes of a <c>.dlcx</c> file, little endian:
/// <code>
///   0  8  magic 89 'D' 'L' 'C' 'X' 0D 0A 1A (broken by transfers that rewrite line ends)
///   8  4  format version            12  4  bytes of this header
///  16  8  bytes of the whole file   24  4  number of sections (3)   28  4  zero
///  32     metadata, code, constants: each 8 offset, 8 length, 8 xxHash64 of the section
/// 248  8  xxHash64 of bytes 0..247
/// </code>
/// Metadata follows the header; code and constants begin at multiples of <see cref="PageBytes"/> so that they can be mapped.
/// </summary>
internal sealed record FileLayout(FileSection Metadata, FileSection Code, FileSection Constants, long FileLength)
{
    public const int HeaderBytes = 256;
    public const int PageBytes = 4096;
    public const int ConstantAlignment = 64;
    public const uint Version = 4;
    private const int HashOffset = HeaderBytes - 8;

    private static ReadOnlySpan<byte> Magic => [0x89, (byte)'D', (byte)'L', (byte)'C', (byte)'X', 0x0D, 0x0A, 0x1A];

    /// <summary>The header's bytes.</summary>
    public byte[] ToBytes()
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), FileLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), 3);
        int at = 32;
        foreach (var section in new[] { Metadata, Code, Constants })
        {
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(at), section.Offset);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(at + 8), section.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(at + 16), section.Hash);
            at += 24;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(HashOffset), XxHash64.Hash(header.AsSpan(0, HashOffset)));
        return header;
    }

    /// <summary>Reads and checks a header against the length that the file really has.</summary>
    /// <exception cref="DlcRuntimeException">ForeignFile, FormatVersion, Truncated or Damaged.</exception>
    public static FileLayout Parse(ReadOnlySpan<byte> header, long fileLength, string path)
    {
        if (header.Length < Magic.Length || !header[..Magic.Length].SequenceEqual(Magic))
        {
            throw new DlcRuntimeException(
                RuntimeErrors.ForeignFile, $"'{path}' is not a dlc executable", "the magic bytes 89 44 4C 43 58 0D 0A 1A", Describe(header));
        }

        if (header.Length < HeaderBytes)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.Truncated, $"'{path}' ends within its header", $"at least {HeaderBytes} bytes", $"{header.Length}");
        }

        // The version comes before the checksum: a newer format may have another header.
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != Version)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.FormatVersion, $"'{path}' has another format version: compile the model again", $"version {Version}", $"version {version}");
        }

        if (XxHash64.Hash(header[..HashOffset]) != BinaryPrimitives.ReadUInt64LittleEndian(header[HashOffset..]))
        {
            throw new DlcRuntimeException(RuntimeErrors.Damaged, $"the header of '{path}' is damaged", "a matching checksum", "another");
        }

        long length = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (length != fileLength)
        {
            string code = fileLength < length ? RuntimeErrors.Truncated : RuntimeErrors.Damaged;
            throw new DlcRuntimeException(code, $"'{path}' has not the length that it says", $"{length} bytes", $"{fileLength} bytes");
        }

        var layout = new FileLayout(Section(header, 32), Section(header, 56), Section(header, 80), length);
        Check(layout.Metadata, 1, "metadata");
        Check(layout.Code, PageBytes, "code");
        Check(layout.Constants, PageBytes, "constants");
        return layout;

        void Check(FileSection section, int alignment, string name)
        {
            if (section.Offset < HeaderBytes || section.Length < 0 || section.Offset > length
                || section.Length > length - section.Offset || section.Offset % alignment != 0)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.Damaged, $"the {name} section of '{path}' lies outside of the file", $"a range within {length} bytes", $"{section.Length} bytes at {section.Offset}");
            }
        }
    }

    /// <summary>The next multiple of <paramref name="alignment"/>, a power of two.</summary>
    public static long Align(long offset, int alignment) => checked(offset + alignment - 1) & -(long)alignment;

    private static FileSection Section(ReadOnlySpan<byte> header, int at) => new(
        BinaryPrimitives.ReadInt64LittleEndian(header[at..]),
        BinaryPrimitives.ReadInt64LittleEndian(header[(at + 8)..]),
        BinaryPrimitives.ReadUInt64LittleEndian(header[(at + 16)..]));

    private static string Describe(ReadOnlySpan<byte> header) =>
        header.IsEmpty ? "an empty file" : Convert.ToHexString(header[..Math.Min(8, header.Length)]);
}
