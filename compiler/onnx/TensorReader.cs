using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using DataLocation = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataLocation;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Onnx;

/// <summary>Turns the tensors of a model file into constants, without copying raw data again.</summary>
internal sealed class TensorReader(string? folder)
{
    /// <summary>
    /// Reads one tensor; <paramref name="payload"/> is its raw data where that is not in the proto. Throws where type, dims and data do not fit each other, and where the type is none that the IR has.
    /// </summary>
    public Tensor Read(TensorProto proto, string where, ReadOnlyMemory<byte>? payload = null)
    {
        if (OnnxTypes.ToElement((DataType)proto.DataType) is not { } element)
        {
            throw proto.DataType != 0 && Enum.IsDefined((DataType)proto.DataType)
                ? new UnsupportedModelException($"tensor of {OnnxTypes.Name(proto.DataType)}", where)
                : new DlcException(ErrorCodes.BadModel, $"a tensor has element type {proto.DataType}, which ONNX does not define", where);
        }

        var dims = proto.Dims.ToArray();
        var size = OnnxElementTypes.Bytes((DataType)proto.DataType, OnnxElementTypes.Count(dims, where), where);
        if (proto.DataLocation == DataLocation.External)
        {
            return new Tensor(element, dims, ExternalData.Read(proto, folder, size, where));
        }

        if (payload is { } mapped)
        {
            return mapped.Length == size ? new Tensor(element, dims, mapped) : throw new DlcException(ErrorCodes.BadTensorFile,
                $"{OnnxTypes.Name(proto.DataType)}[{string.Join(",", dims)}] takes {size} bytes, raw_data holds {mapped.Length}", where);
        }

        if (element != ElementType.Bool && proto.HasRawData && proto.RawData.Length == size)
        {
            return new Tensor(element, dims, proto.RawData.Memory);
        }

        return new Tensor(element, dims, TensorPb.Decode(proto, where).Bytes);
    }
}
