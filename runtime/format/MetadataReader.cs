using System.Text;

namespace Dlc.Runtime.Format;

/// <summary>Decodes what <see cref="MetadataWriter"/> wrote; never reads or allocates beyond what the bytes at hand can justify.</summary>
internal ref struct MetadataReader
{
    private static readonly UTF8Encoding Strict = new(false, true);
    private readonly ReadOnlySpan<byte> _data;
    private readonly string[] _texts;
    private int _at;

    public MetadataReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _texts = [];
        var texts = new string[Count()];
        for (int i = 0; i < texts.Length; i++)
        {
            int length = Count();
            try
            {
                texts[i] = Strict.GetString(_data.Slice(_at, length));
            }
            catch (DecoderFallbackException)
            {
                throw Bad("text that is not UTF-8");
            }

            _at += length;
        }

        _texts = texts;
    }

    public readonly bool AtEnd => _at == _data.Length;

    public static DlcRuntimeException Bad(string found) =>
        new(RuntimeErrors.Damaged, "the metadata of the executable can't be decoded", "well-formed metadata", found);

    public ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _data.Length)
            {
                throw Bad("an early end");
            }

            byte next = _data[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Bad("an integer of more than 64 bits");
    }

    public long Long()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Int()
    {
        long value = Long();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Bad($"the number {value} where 32 bits belong");
    }

    public byte Byte()
    {
        ulong value = Unsigned();
        return value <= 255 ? (byte)value : throw Bad($"the number {value} where a kind belongs");
    }

    /// <summary>A number of things that each take at least one byte of what is left.</summary>
    public int Count()
    {
        ulong value = Unsigned();
        return value <= (ulong)(_data.Length - _at) ? (int)value : throw Bad($"a count of {value} with {_data.Length - _at} bytes left");
    }

    public string Text()
    {
        ulong index = Unsigned();
        return index < (ulong)_texts.Length ? _texts[(int)index] : throw Bad($"text {index} of {_texts.Length}");
    }

    public int[] Ints()
    {
        var result = new int[Count()];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Int();
        }

        return result;
    }

    public string[] Texts()
    {
        var result = new string[Count()];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Text();
        }

        return result;
    }
}
