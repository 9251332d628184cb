using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Antlr4.Runtime;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Tree = Dlc.IR.Text.Generated.GraphParser;

namespace Dlc.IR.Text;

/// <summary>Makes operators from their names and attributes; each attribute is read as its type asks.</summary>
internal sealed class AttributeReader(Module module, DimReader dims, GraphReader reader, TensorResources? resources)
{
    private static readonly MethodInfo ListMaker = typeof(AttributeReader).GetMethod(nameof(MakeList), BindingFlags.NonPublic | BindingFlags.Static)!;

    public Op Read(Tree.NodeContext node)
    {
        var name = node.IDENT();
        var shape = OpCatalog.Find(name.GetText()) ?? throw reader.Error(name.Symbol, $"expected an operator, found '{name.GetText()}'");
        var written = node.attributes()?.attribute() ?? [];
        var values = new object?[shape.Attributes.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var attribute = shape.Attributes[i];
            if (i >= written.Length || written[i].IDENT().GetText() != attribute.Name)
            {
                var place = i < written.Length ? written[i].Start : name.Symbol;
                throw reader.Error(
                    place, $"expected the attribute {attribute.Name} of {shape.Type.Name}, found {(i < written.Length ? $"'{place.Text}'" : "none")}");
            }

            values[i] = Read(written[i].value(), attribute.PropertyType);
        }

        if (written.Length > values.Length)
        {
            throw reader.Error(written[values.Length], $"expected {values.Length} attributes of {shape.Type.Name}, found {written.Length}");
        }

        return reader.Guarded(node, () => shape.Create(values));
    }

    private object? Read(Tree.ValueContext tree, Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return IsName(tree, "none") ? null : Read(tree, underlying);
        }

        if (type == typeof(bool))
        {
            return IsName(tree, "true") || (IsName(tree, "false") ? false : throw Expected(tree, "true or false"));
        }

        if (type == typeof(long))
        {
            return Integer(tree);
        }

        if (type == typeof(int))
        {
            return reader.Guarded(tree, () => checked((int)Integer(tree)));
        }

        if (type == typeof(double))
        {
            return Float(tree, BitConverter.UInt64BitsToDouble);
        }

        if (type == typeof(float))
        {
            return Single(tree);
        }

        if (type == typeof(string))
        {
            return tree.dim() is { } quoted && DimReader.Quoted(quoted) is { } token ? reader.Unquote(token) : throw Expected(tree, "a text");
        }

        if (type == typeof(ElementType))
        {
            return tree.dim() is { } element && DimReader.Name(element) is not null
                ? reader.ReadElement(tree.Start) : throw Expected(tree, "an element type");
        }

        if (type.IsEnum)
        {
            return tree.dim() is { } member && DimReader.Name(member) is { } name && Enum.TryParse(type, name, out var value)
                ? value : throw Expected(tree, $"one of {string.Join(", ", Enum.GetNames(type))}");
        }

        if (type == typeof(Dim))
        {
            return dims.Read(tree.dim() ?? throw Expected(tree, "a size"));
        }

        if (type == typeof(Shape))
        {
            return new Shape([.. Items(tree).Select(item => dims.Read(item.dim() ?? throw Expected(item, "a size")))]);
        }

        if (type == typeof(Tensor))
        {
            return ReadTensor(tree.tensor() ?? throw Expected(tree, "a tensor"));
        }

        var elementType = AttributePrinter.ElementOf(type)
            ?? throw new InvalidOperationException($"attributes of type {type} have no text form");
        var items = Items(tree).Select(item => Read(item, elementType)).ToList();
        return ListMaker.MakeGenericMethod(elementType).Invoke(null, [items]);
    }

    private static ValueList<T> MakeList<T>(IList items) => items.Cast<T>().ToValueList();

    private static bool IsName(Tree.ValueContext tree, string name) => tree.dim() is { } dim && DimReader.Name(dim) == name;

    private IEnumerable<Tree.ValueContext> Items(Tree.ValueContext tree) => tree.list()?.value() ?? throw Expected(tree, "a list");

    private long Integer(Tree.ValueContext tree)
    {
        var value = dims.Read(tree.dim() ?? throw Expected(tree, "an integer"));
        return value.IsConstant ? value.Constant : throw Expected(tree, "an integer");
    }

    private double Float(Tree.ValueContext tree, Func<ulong, double> fromBits)
    {
        if (tree.number()?.HEX() is { } bits)
        {
            return fromBits(Bits(bits.Symbol));
        }

        return tree.GetText() switch
        {
            "nan" => double.NaN,
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            var text when tree.number() is not null || tree.dim() is not null =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                    ? value : throw Expected(tree, "a number"),
            _ => throw Expected(tree, "a number"),
        };
    }

    private float Single(Tree.ValueContext tree)
    {
        if (tree.number()?.HEX() is { } bits)
        {
            return BitConverter.UInt32BitsToSingle(checked((uint)Narrow(bits.Symbol, uint.MaxValue)));
        }

        // Rounded once, from the digits: going through double could round twice.
        return tree.number() is { } number && float.TryParse(number.GetText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && float.IsFinite(value) ? value : (float)Float(tree, BitConverter.UInt64BitsToDouble);
    }

    private ulong Bits(IToken token) => ulong.TryParse(token.Text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
        ? bits : throw reader.Error(token, $"expected at most 64 bits, found {token.Text}");

    private ulong Narrow(IToken token, ulong most) => Bits(token) is var bits && bits <= most
        ? bits : throw reader.Error(token, $"expected bits up to 0x{most:x}, found {token.Text}");

    private Tensor ReadTensor(Tree.TensorContext tree)
    {
        var type = reader.ReadType(tree.tensorType());
        if (!type.Shape.IsStatic || type.Shape.Any(dim => dim.Constant < 0))
        {
            throw reader.Error(tree.tensorType(), $"expected a shape of numbers, found {type}");
        }

        var numbers = type.Shape.ToNumbers();
        if (tree.STRING() is { } name)
        {
            if (resources is null)
            {
                throw reader.Error(name.Symbol, $"expected the tensor inline, as no resources are given, found {name.GetText()}");
            }

            var bytes = resources.Get(reader.Unquote(name.Symbol));
            return reader.Guarded(tree, () => new Tensor(type.Element, numbers, bytes));
        }

        var items = tree.list().value();
        var count = reader.Guarded(tree, () => type.Shape.ElementCount(module.Dims).Constant);
        if (count != items.Length)
        {
            throw reader.Error(tree, $"expected {count} elements of {type}, found {items.Length}");
        }

        var tensor = new Tensor(type.Element, numbers);
        var data = MemoryMarshal.AsMemory(tensor.Memory).Span;
        var size = type.Element.Bytes();
        for (var i = 0; i < items.Length; i++)
        {
            WriteElement(items[i], type.Element, data.Slice(i * size, size));
        }

        return tensor;
    }

    private void WriteElement(Tree.ValueContext item, ElementType element, Span<byte> to)
    {
        if (item.number()?.HEX() is { } bits)
        {
            var most = to.Length == 8 ? ulong.MaxValue : (1UL << (8 * to.Length)) - 1;
            var value = Narrow(bits.Symbol, most);
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref value))[..to.Length].CopyTo(to);
            return;
        }

        switch (element)
        {
            case ElementType.Bool:
                to[0] = IsName(item, "true") ? (byte)1 : IsName(item, "false") ? (byte)0 : throw Expected(item, "true or false");
                break;
            case ElementType.Float16:
                var half = (Half)Single(item);
                MemoryMarshal.Write(to, in half);
                break;
            case ElementType.BFloat16:
                var narrow = (ushort)(BitConverter.SingleToUInt32Bits(Single(item)) >> 16);
                MemoryMarshal.Write(to, in narrow);
                break;
            case ElementType.Float32:
                var single = Single(item);
                MemoryMarshal.Write(to, in single);
                break;
            case ElementType.Float64:
                var number = Float(item, BitConverter.UInt64BitsToDouble);
                MemoryMarshal.Write(to, in number);
                break;
            case ElementType.UInt64:
                if (!ulong.TryParse(item.GetText(), NumberStyles.None, CultureInfo.InvariantCulture, out var wide))
                {
                    throw Expected(item, "an unsigned 64-bit integer");
                }

                MemoryMarshal.Write(to, in wide);
                break;
            default:
                var integer = Integer(item);
                MemoryMarshal.AsBytes(new ReadOnlySpan<long>(ref integer))[..to.Length].CopyTo(to);
                var (low, high) = element.IsUnsigned() ? (0L, (1L << (8 * to.Length)) - 1)
                    : to.Length == 8 ? (long.MinValue, long.MaxValue) : (-(1L << ((8 * to.Length) - 1)), (1L << ((8 * to.Length) - 1)) - 1);
                if (integer < low || integer > high)
                {
                    throw Expected(item, $"a number of type {element.ShortName()}");
                }

                break;
        }
    }

    private Diagnostics.DlcException Expected(Tree.ValueContext tree, string what)
    {
        var text = tree.GetText();
        return reader.Error(tree, $"expected {what}, found '{(text.Length > 40 ? text[..40] + "..." : text)}'");
    }
}
