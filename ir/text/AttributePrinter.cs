using System.Collections;
using System.Globalization;
using System.Text;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Text;

/// <summary>Writes the attributes of operators so that they are read back bit by bit.</summary>
internal sealed class AttributePrinter(StringBuilder text, TensorResources? resources)
{
    /// <summary>Tensors with more elements are resources.</summary>
    public const int InlineElements = 64;

    public void Write(Op op)
    {
        var shape = OpCatalog.Of(op);
        if (shape.Attributes.Count == 0)
        {
            return;
        }

        for (var i = 0; i < shape.Attributes.Count; i++)
        {
            text.Append(i == 0 ? "<" : ", ").Append(shape.Attributes[i].Name).Append(" = ");
            WriteValue(shape.Attributes[i].GetValue(op));
        }

        text.Append('>');
    }

    /// <summary>Whether attributes of a type have a text form.</summary>
    public static bool IsSupported(Type type) => type == typeof(bool) || type == typeof(int) || type == typeof(long) || type == typeof(float)
        || type == typeof(double) || type == typeof(string) || type.IsEnum || type == typeof(Dim) || type == typeof(Shape)
        || type == typeof(Tensor) || (ElementOf(type) is { } element && IsSupported(element))
        || (Nullable.GetUnderlyingType(type) is { } underlying && IsSupported(underlying));

    /// <summary>The element type of a <see cref="ValueList{T}"/>, or null.</summary>
    public static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueList<>) ? type.GetGenericArguments()[0] : null;

    private void WriteValue(object? value)
    {
        switch (value)
        {
            case null:
                text.Append("none");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case int or long:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case float single:
                WriteFloat(single, single.ToString("R", CultureInfo.InvariantCulture), BitConverter.SingleToUInt32Bits(single), 0xffc00000);
                break;
            case double number:
                WriteFloat(
                    number, number.ToString("R", CultureInfo.InvariantCulture), BitConverter.DoubleToUInt64Bits(number), 0xfff8000000000000);
                break;
            case string words:
                text.Append(DimText.Quote(words));
                break;
            case ElementType element:
                text.Append(element.ShortName());
                break;
            case Enum member:
                text.Append(member);
                break;
            case Dim dim:
                text.Append(dim);
                break;
            case Tensor tensor:
                WriteTensor(tensor);
                break;
            case IEnumerable items when value is Shape || ElementOf(value.GetType()) is not null:
                text.Append('[');
                var first = true;
                foreach (var item in items)
                {
                    text.Append(first ? string.Empty : ", ");
                    first = false;
                    WriteValue(item);
                }

                text.Append(']');
                break;
            default:
                throw new InvalidOperationException($"attributes of type {value.GetType()} have no text form");
        }
    }

    /// <summary>A NaN other than the usual one is written by its bits.</summary>
    private void WriteFloat(double value, string digits, ulong bits, ulong usualNaN)
    {
        if (double.IsNaN(value))
        {
            text.Append(bits == usualNaN ? "nan" : $"0x{bits:x}");
        }
        else if (double.IsInfinity(value))
        {
            text.Append(value > 0 ? "inf" : "-inf");
        }
        else
        {
            text.Append(digits).Append(digits.AsSpan().ContainsAny('.', 'E') ? string.Empty : ".0");
        }
    }

    private void WriteTensor(Tensor tensor)
    {
        var dims = string.Join(", ", tensor.Dims.Select(dim => dim.ToString(CultureInfo.InvariantCulture)));
        var type = tensor.Rank == 0 ? tensor.Element.ShortName() : $"{tensor.Element.ShortName()}[{dims}]";
        if (tensor.Count > InlineElements)
        {
            var hash = resources?.Add(tensor) ?? TensorResources.HashOf(tensor);
            text.Append(CultureInfo.InvariantCulture, $"resource {type} \"{hash}\"");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"dense {type} [");
        for (var i = 0; i < tensor.Count; i++)
        {
            text.Append(i == 0 ? string.Empty : ", ");
            WriteElement(tensor, i);
        }

        text.Append(']');
    }

    private void WriteElement(Tensor tensor, int i)
    {
        switch (tensor.Element)
        {
            case ElementType.Bool when tensor.Bytes[i] <= 1:
                text.Append(tensor.Bytes[i] != 0 ? "true" : "false");
                break;
            case ElementType.Bool:
                // Not a bool by the letter: kept as it is.
                text.Append(CultureInfo.InvariantCulture, $"0x{tensor.Bytes[i]:x}");
                break;
            case ElementType.Float16:
                var half = tensor.Span<Half>()[i];
                WriteNarrow((float)half, tensor.Span<ushort>()[i], 0xfe00);
                break;
            case ElementType.BFloat16:
                var bits = tensor.Span<ushort>()[i];
                WriteNarrow(BitConverter.UInt32BitsToSingle((uint)bits << 16), bits, 0xffc0);
                break;
            case ElementType.Float32:
                WriteValue(tensor.Span<float>()[i]);
                break;
            case ElementType.Float64:
                WriteValue(tensor.Span<double>()[i]);
                break;
            case ElementType.UInt64:
                text.Append(CultureInfo.InvariantCulture, $"{tensor.Span<ulong>()[i]}");
                break;
            default:
                WriteValue(tensor.GetLong(i));
                break;
        }
    }

    /// <summary>A 16-bit float through the float of the same value.</summary>
    private void WriteNarrow(float value, ushort bits, ushort usualNaN) =>
        WriteFloat(value, value.ToString("R", CultureInfo.InvariantCulture), bits, usualNaN);
}
