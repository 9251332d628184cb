using System.Text;

namespace Dlc.Runtime.Format;

/// <summary>
/// Encodes metadata: integers as LEB128 (signed ones zigzagged), texts as indexes into a table of distinct texts that stands in front.
/// </summary>
internal sealed class MetadataWriter
{
    private readonly List<byte> _body = [];
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, int> _textIndex = new(StringComparer.Ordinal);

    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            _body.Add((byte)(value | 0x80));
            value >>= 7;
        }

        _body.Add((byte)value);
    }

    public void Int(long value) => Unsigned(unchecked((ulong)(value << 1) ^ (ulong)(value >> 63)));

    public void Text(string value)
    {
        if (!_textIndex.TryGetValue(value, out int index))
        {
            index = _texts.Count;
            _texts.Add(value);
            _textIndex.Add(value, index);
        }

        Unsigned((ulong)index);
    }

    public void Ints(int[] values) => List(values, v => Int(v));

    public void Texts(string[] values) => List(values, Text);

    public void List<T>(T[] items, Action<T> write)
    {
        Unsigned((ulong)items.Length);
        foreach (var item in items)
        {
            write(item);
        }
    }

    /// <summary>The text table, then everything written.</summary>
    public byte[] ToArray()
    {
        var front = new MetadataWriter();
        front.Unsigned((ulong)_texts.Count);
        foreach (string text in _texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            front.Unsigned((ulong)bytes.Length);
            front._body.AddRange(bytes);
        }

        front._body.AddRange(_body);
        return [.. front._body];
    }
}
