namespace Dlc.IR;

/// <summary>The type of one element of a tensor or of one scalar of a kernel.</summary>
public enum ElementType : byte
{
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    BFloat16,
    Float32,
    Float64,
}
