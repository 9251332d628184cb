using System.Globalization;
using System.Text;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>The header of a .npy file (NumPy's NEP 1, versions 1.0 to 3.0): a Python dictionary literal of three keys.</summary>
/// <param name="Description">NumPy's type string, such as <c>&lt;f4</c>.</param>
/// <param name="Fortran">Whether the first axis varies fastest.</param>
/// <param name="Dims">The shape.</param>
internal sealed record NpyHeader(string Description, bool Fortran, long[] Dims)
{
    private const int MaxHeaderBytes = 1 << 16;

    /// <summary>Reads magic, version and dictionary, leaving the stream at the first element.</summary>
    public static NpyHeader Read(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[8];
        if (stream.ReadAtLeast(start, 8, throwOnEndOfStream: false) != 8 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new TensorFormatException($"{name}: not a .npy file (it does not start with \\x93NUMPY)");
        }

        var wide = start[6] switch
        {
            1 => false,
            2 or 3 => true,
            _ => throw new TensorFormatException($"{name}: .npy version {start[6]}.{start[7]}, known are 1.0 to 3.0"),
        };
        Span<byte> length = stackalloc byte[4];
        length.Clear();
        ReadExactly(stream, length[..(wide ? 4 : 2)], name);
        var size = BitConverter.ToUInt32(length);
        if (size > MaxHeaderBytes)
        {
            throw new TensorFormatException($"{name}: the .npy header claims {size} bytes, at most {MaxHeaderBytes} are accepted");
        }

        var bytes = new byte[size];
        ReadExactly(stream, bytes, name);
        return Parse(Encoding.UTF8.GetString(bytes), name);
    }

    /// <summary>The bytes of a version 1.0 header (2.0 where it is long), padded so that the data starts on a multiple of 64.</summary>
    public static byte[] Write(string description, ReadOnlySpan<long> dims)
    {
        var shape = string.Join(", ", dims.ToArray().Select(d => d.ToString(CultureInfo.InvariantCulture)));
        var text = $"{{'descr': '{description}', 'fortran_order': False, 'shape': ({shape}{(dims.Length == 1 ? "," : "")}), }}";
        var wide = text.Length > 60000;
        var prefix = wide ? 12 : 10;
        var padded = (prefix + text.Length + 1 + 63) / 64 * 64 - prefix;
        var header = new byte[prefix + padded];
        header[0] = 0x93;
        "NUMPY"u8.CopyTo(header.AsSpan(1));
        header[6] = (byte)(wide ? 2 : 1);
        BitConverter.TryWriteBytes(header.AsSpan(8), wide ? padded : (short)padded);
        header.AsSpan(prefix).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        return header;
    }

    private static NpyHeader Parse(string text, string name)
    {
        string? description = null;
        bool? fortran = null;
        long[]? dims = null;
        var at = new Cursor(text, name);
        at.Expect('{');
        while (!at.Take('}'))
        {
            var key = at.Quoted();
            at.Expect(':');
            switch (key)
            {
                case "descr":
                    description = at.Quoted();
                    break;
                case "fortran_order":
                    fortran = at.Word() switch
                    {
                        "True" => true,
                        "False" => false,
                        var word => throw at.Error($"True or False expected for fortran_order, found '{word}'"),
                    };
                    break;
                case "shape":
                    dims = at.Tuple();
                    break;
                default:
                    throw at.Error($"unknown key '{key}'");
            }

            if (!at.Take(','))
            {
                at.Expect('}');
                break;
            }
        }

        return new NpyHeader(
            description ?? throw at.Error("key 'descr' is missing"),
            fortran ?? throw at.Error("key 'fortran_order' is missing"),
            dims ?? throw at.Error("key 'shape' is missing"));
    }

    private static void ReadExactly(Stream stream, Span<byte> into, string name)
    {
        if (stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) != into.Length)
        {
            throw new TensorFormatException($"{name}: the file ends inside the .npy header");
        }
    }

    /// <summary>A reader of the few Python literals that the header uses.</summary>
    private struct Cursor(string text, string name)
    {
        private int _at;

        public readonly TensorFormatException Error(string what) => new($"{name}: .npy header: {what}");

        public bool Take(char c)
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }

            if (_at < text.Length && text[_at] == c)
            {
                _at++;
                return true;
            }

            return false;
        }

        public void Expect(char c)
        {
            if (!Take(c))
            {
                throw Error($"'{c}' expected at position {_at}");
            }
        }

        public string Quoted()
        {
            var quote = Take('\'') ? '\'' : '"';
            if (quote == '"' && !Take('"'))
            {
                throw Error($"a string expected at position {_at} (structured types cannot be read)");
            }

            var end = text.IndexOf(quote, _at);
            if (end < 0)
            {
                throw Error("a string does not end");
            }

            var value = text[_at..end];
            _at = end + 1;
            return value;
        }

        public string Word()
        {
            Take(' ');
            var start = _at;
            while (_at < text.Length && char.IsAsciiLetter(text[_at]))
            {
                _at++;
            }

            return text[start.._at];
        }

        public long[] Tuple()
        {
            var values = new List<long>();
            Expect('(');
            while (!Take(')'))
            {
                var start = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                {
                    _at++;
                }

                if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                {
                    throw Error($"a dim that fits 64 bits expected at position {start}");
                }

                values.Add(value);
                if (values.Count > 64)
                {
                    throw Error("more than 64 dims");
                }

                if (!Take(','))
                {
                    Expect(')');
                    break;
                }
            }

            return [.. values];
        }
    }
}
