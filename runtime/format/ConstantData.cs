namespace Dlc.Runtime.Format;

/// <summary>
/// Bytes of one constant, held in memory or produced on demand so that a model with hundreds of megabytes of weights need not hold
/// them twice. Both the file writer and the in-memory loader read it once.
/// </summary>
public sealed class ConstantData
{
    private readonly Action<Stream>? _write;

    private ConstantData(long length, ReadOnlyMemory<byte> memory, Action<Stream>? write, long fileOffset)
    {
        Length = length;
        Memory = memory;
        FileOffset = fileOffset;
        _write = write;
    }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes when they are held in memory; empty otherwise.</summary>
    internal ReadOnlyMemory<byte> Memory { get; }

    internal bool IsInMemory => _write is null;

    /// <summary>Offset in the executable that it was read from; -1 for one that comes from elsewhere.</summary>
    internal long FileOffset { get; }

    /// <summary>A constant over memory that stays unchanged as long as this object and what is loaded from it live.</summary>
    public static ConstantData From(ReadOnlyMemory<byte> memory) => new(memory.Length, memory, null, -1);

    /// <summary>A constant of <paramref name="length"/> bytes that <paramref name="write"/> writes to the stream it is given.</summary>
    public static ConstantData From(long length, Action<Stream> write)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(length, default, write, -1);
    }

    /// <summary>A range of a file that is read when it is asked for.</summary>
    internal static ConstantData InFile(string path, long offset, long length) => new(length, default, Copy(path, offset, length), offset);

    /// <summary>Writes all bytes to <paramref name="stream"/>.</summary>
    public void WriteTo(Stream stream)
    {
        if (_write is null)
        {
            stream.Write(Memory.Span);
        }
        else
        {
            _write(stream);
        }
    }

    private static Action<Stream> Copy(string path, long offset, long length) => target =>
    {
        using var source = new FileStream(path, FileMode.Open, FileAccess.Read) { Position = offset };
        var buffer = new byte[(int)Math.Min(length, 1 << 20)];
        for (long left = length; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            source.ReadExactly(part);
            target.Write(part);
            left -= part.Length;
        }
    };
}
