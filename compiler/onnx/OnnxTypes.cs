using Dlc.IR;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Onnx;

/// <summary>ONNX's element types as the IR's.</summary>
public static class OnnxTypes
{
    /// <summary>The IR's type, or null where it has none (strings, complex numbers, 8-bit floats, sub-byte types).</summary>
    public static ElementType? ToElement(DataType type) => type switch
    {
        DataType.Bool => ElementType.Bool,
        DataType.Int8 => ElementType.Int8,
        DataType.Int16 => ElementType.Int16,
        DataType.Int32 => ElementType.Int32,
        DataType.Int64 => ElementType.Int64,
        DataType.Uint8 => ElementType.UInt8,
        DataType.Uint16 => ElementType.UInt16,
        DataType.Uint32 => ElementType.UInt32,
        DataType.Uint64 => ElementType.UInt64,
        DataType.Float16 => ElementType.Float16,
        DataType.Bfloat16 => ElementType.BFloat16,
        DataType.Float => ElementType.Float32,
        DataType.Double => ElementType.Float64,
        _ => null,
    };

    /// <summary>The name of a type code in a message; also of codes that this version of the format does not know.</summary>
    public static string Name(int type) =>
        Enum.IsDefined((DataType)type) ? ((DataType)type).ToString().ToLowerInvariant() : $"element type {type}";
}
