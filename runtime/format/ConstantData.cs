namespace Dlc.Runtime.Format;

/// <summary>
/// Bytes of one constant, held in memory or produced on demand so that a model with hundreds of megabytes of weights need not hold
/// them twice. Both the file writer and the in-memory loader read it once.
/// </summary>
public sealed class ConstantData
{
    private readonly Action<Stream>? _write;

    private ConstantData(long length, ReadOnlyMemory<byte> memory, Action<Stream>? write)
    {
        Length = length;
        Memory = memory;
        _write = write;
    }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes when they are held in memory; empty for a callback.</summary>
    internal ReadOnlyMemory<byte> Memory { get; }

    internal bool IsInMemory => _write is null;

    /// <summary>A constant over memory that stays unchanged as long as this object and what is loaded from it live.</summary>
    public static ConstantData From(ReadOnlyMemory<byte> memory) => new(memory.Length, memory, null);

    /// <summary>A constant of <paramref name="length"/> bytes that <paramref name="write"/> writes to the stream it is given.</summary>
    public static ConstantData From(long length, Action<Stream> write)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(length, default, write);
    }

    /// <summary>Writes all bytes to <paramref name="stream"/>.</summary>
    internal void WriteTo(Stream stream)
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
}
