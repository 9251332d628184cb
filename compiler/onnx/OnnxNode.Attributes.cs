using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using AttributeType = Dlc.Compiler.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace Dlc.Compiler.Onnx;

/// <content>Attributes. Each getter checks the type; those without a default throw where the attribute is missing.</content>
public sealed partial class OnnxNode
{
    /// <summary>Whether the node (or, in a function, its call) gives the attribute.</summary>
    public bool HasAttribute(string name) => Attribute(name) is not null;

    public long Int(string name) => Find(name, AttributeType.Int).I;

    public long Int(string name, long otherwise) => Find(name, AttributeType.Int, isRequired: false)?.I ?? otherwise;

    /// <summary>An integer that is a flag: 0 or not.</summary>
    public bool Flag(string name, bool otherwise = false) => Int(name, otherwise ? 1 : 0) != 0;

    public float Float(string name) => Find(name, AttributeType.Float).F;

    public float Float(string name, float otherwise) => Find(name, AttributeType.Float, isRequired: false)?.F ?? otherwise;

    public string String(string name) => Text(Find(name, AttributeType.String).S);

    public string String(string name, string otherwise) => Find(name, AttributeType.String, isRequired: false) is { } a ? Text(a.S) : otherwise;

    public long[] Ints(string name) => [.. Find(name, AttributeType.Ints).Ints];

    /// <summary>A list of integers; null where the attribute is missing.</summary>
    public long[]? IntsOrNull(string name) => Find(name, AttributeType.Ints, isRequired: false) is { } a ? [.. a.Ints] : null;

    public float[] Floats(string name) => [.. Find(name, AttributeType.Floats).Floats];

    /// <summary>A list of floats; null where the attribute is missing.</summary>
    public float[]? FloatsOrNull(string name) => Find(name, AttributeType.Floats, isRequired: false) is { } a ? [.. a.Floats] : null;

    public string[] Strings(string name) => [.. Find(name, AttributeType.Strings).Strings.Select(Text)];

    /// <summary>A list of strings; null where the attribute is missing.</summary>
    public string[]? StringsOrNull(string name) =>
        Find(name, AttributeType.Strings, isRequired: false) is { } a ? [.. a.Strings.Select(Text)] : null;

    /// <summary>A tensor of numbers; null where the attribute is missing.</summary>
    public Tensor? TensorOrNull(string name) =>
        Find(name, AttributeType.Tensor, isRequired: false) is { } a ? Session.ReadTensor(a.T, $"node '{Origin}', attribute '{name}'") : null;

    /// <summary>An element type from an ONNX type code, as the attribute <c>to</c> of Cast.</summary>
    public ElementType Element(string name) => Element(Int(name), name);

    /// <summary>An element type from an ONNX type code.</summary>
    public ElementType Element(string name, ElementType otherwise) => HasAttribute(name) ? Element(name) : otherwise;

    internal GraphProto GraphAttribute(string name) => Find(name, AttributeType.Graph).G
        ?? throw Error($"has an attribute '{name}' without a graph");

    internal AttributeProto? Attribute(string name)
    {
        foreach (var attribute in _proto.Attribute)
        {
            if (attribute.Name != name)
            {
                continue;
            }

            // In a function's body the call may give the value; where it gives none the attribute is missing.
            return attribute.RefAttrName.Length == 0 ? attribute : _scope.Frame.Attributes.GetValueOrDefault(attribute.RefAttrName);
        }

        return null;
    }

    private AttributeProto Find(string name, AttributeType type) => Find(name, type, isRequired: true)!;

    private AttributeProto? Find(string name, AttributeType type, bool isRequired)
    {
        var attribute = Attribute(name);
        if (attribute is null)
        {
            return isRequired ? throw Error($"needs an attribute '{name}' of type {Words(type)}") : null;
        }

        // Old exporters leave the type out; then the field that is there decides.
        var found = attribute.Type;
        if (found == AttributeType.Undefined)
        {
            found = attribute.HasF ? AttributeType.Float : attribute.HasI ? AttributeType.Int : attribute.HasS ? AttributeType.String
                : attribute.T is not null ? AttributeType.Tensor : attribute.G is not null ? AttributeType.Graph
                : attribute.Floats.Count > 0 ? AttributeType.Floats : attribute.Ints.Count > 0 ? AttributeType.Ints
                : attribute.Strings.Count > 0 ? AttributeType.Strings : type;
        }

        if (found != type)
        {
            throw Error($"expects its attribute '{name}' to be of type {Words(type)}, found {Words(found)}");
        }

        return type == AttributeType.Tensor && attribute.T is null ? throw Error($"has an attribute '{name}' without a tensor") : attribute;
    }

    private ElementType Element(long code, string name)
    {
        if (code is < 1 or > int.MaxValue || !Enum.IsDefined((TensorProto.Types.DataType)code))
        {
            throw Error($"has an attribute '{name}' with {code}, which is no element type", ErrorCodes.BadModel);
        }

        return OnnxTypes.ToElement((TensorProto.Types.DataType)code) ?? throw Unsupported($"element type {OnnxTypes.Name((int)code)}");
    }

    private static string Text(Google.Protobuf.ByteString bytes) => bytes.ToStringUtf8();

    private static string Words(AttributeType type) => type.ToString().ToUpperInvariant();
}
