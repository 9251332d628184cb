using Dlc.IR;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>The runtime's names of element types.</summary>
internal static class ScalarTypeMap
{
    public static ScalarType Of(ElementType type) => type switch
    {
        ElementType.Bool => ScalarType.Bool,
        ElementType.Int8 => ScalarType.I8,
        ElementType.Int16 => ScalarType.I16,
        ElementType.Int32 => ScalarType.I32,
        ElementType.Int64 => ScalarType.I64,
        ElementType.UInt8 => ScalarType.U8,
        ElementType.UInt16 => ScalarType.U16,
        ElementType.UInt32 => ScalarType.U32,
        ElementType.UInt64 => ScalarType.U64,
        ElementType.Float16 => ScalarType.F16,
        ElementType.BFloat16 => ScalarType.BF16,
        ElementType.Float32 => ScalarType.F32,
        ElementType.Float64 => ScalarType.F64,
        _ => throw new InvalidOperationException($"unknown element type {type}"),
    };
}
