using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Diagnostics;
using Google.Protobuf;
using DataLocation = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataLocation;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Training;

/// <summary>Puts trained parameters back into the ONNX model that they came from.</summary>
public static class TrainedModel
{
    // Protobuf messages end at 2 GiB.
    private const long MostInlineBytes = 1800L << 20;
    private const int SmallestExternal = 1024;
    private const int Alignment = 4096;

    /// <summary>
    /// Writes a copy of a model whose initializers have the values that a checkpoint holds under their names; all else stays. Weights that one protobuf message
    /// cannot hold go to a file beside it, with <c>.data</c> behind its name.
    /// </summary>
    /// <returns>How many initializers were replaced.</returns>
    /// <exception cref="DlcException">The model or the checkpoint cannot be read, or they do not fit each other.</exception>
    public static int Write(string model, string checkpoint, string output)
    {
        try
        {
            using var weights = Safetensors.Open(checkpoint);
            ModelProto proto;
            using (var file = File.OpenRead(model))
            {
                proto = ModelProto.Parser.ParseFrom(file);
            }

            var folder = Path.GetDirectoryName(Path.GetFullPath(model))!;
            var replaced = 0;
            foreach (var initializer in proto.Graph.Initializer)
            {
                if (weights.Tensors.TryGetValue(initializer.Name, out var tensor))
                {
                    Replace(initializer, weights, tensor, checkpoint);
                    replaced++;
                }
                else if (initializer.DataLocation == DataLocation.External)
                {
                    Inline(initializer, folder);
                }
            }

            if (replaced == 0)
            {
                throw new DlcException(ErrorCodes.BadTensorFile, $"'{checkpoint}' holds no initializer of '{model}'");
            }

            if (proto.Graph.Initializer.Sum(t => (long)t.RawData.Length) > MostInlineBytes)
            {
                MoveOut(proto, output + ".data");
            }

            DurableFile.Write(output, stream => proto.WriteTo(stream));
            return replaced;
        }
        catch (Exception e) when (e is TensorFormatException or InvalidProtocolBufferException or IOException or UnauthorizedAccessException)
        {
            throw new DlcException(ErrorCodes.BadFile, e.Message, null, e);
        }
    }

    private static void Replace(TensorProto initializer, Safetensors weights, Safetensors.Entry tensor, string checkpoint)
    {
        if ((DataType)initializer.DataType != tensor.Type || !initializer.Dims.SequenceEqual(tensor.Dims))
        {
            throw new DlcException(ErrorCodes.BadTensorFile, $"'{initializer.Name}' is {OnnxElementTypes.Name((DataType)initializer.DataType)}"
                + $"[{string.Join(",", initializer.Dims)}] in the model and {OnnxElementTypes.Name(tensor.Type)}[{string.Join(",", tensor.Dims)}] in '{checkpoint}'");
        }

        var bytes = new byte[tensor.Bytes];
        weights.Read(tensor, bytes);
        SetRaw(initializer, UnsafeByteOperations.UnsafeWrap(bytes));
    }

    /// <summary>Data of a file beside the model moves into the model, as the copy may lie in another folder.</summary>
    private static void Inline(TensorProto initializer, string folder)
    {
        var type = (DataType)initializer.DataType;
        var size = OnnxElementTypes.Bytes(type, OnnxElementTypes.Count([.. initializer.Dims], initializer.Name), initializer.Name);
        SetRaw(initializer, UnsafeByteOperations.UnsafeWrap(Onnx.ExternalData.Read(initializer, folder, size, $"initializer '{initializer.Name}'")));
    }

    private static void SetRaw(TensorProto initializer, ByteString bytes)
    {
        initializer.RawData = bytes;
        initializer.DataLocation = DataLocation.Default;
        initializer.ExternalData.Clear();
        initializer.FloatData.Clear();
        initializer.DoubleData.Clear();
        initializer.Int32Data.Clear();
    }

    private static void MoveOut(ModelProto proto, string path)
    {
        DurableFile.Write(path, file =>
        {
            var at = 0L;
            foreach (var tensor in proto.Graph.Initializer.Where(t => t.RawData.Length >= SmallestExternal))
            {
                var padding = (Alignment - (at % Alignment)) % Alignment;
                file.Write(new byte[padding]);
                at += padding;
                tensor.DataLocation = DataLocation.External;
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = Path.GetFileName(path) });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = at.ToString(System.Globalization.CultureInfo.InvariantCulture) });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = tensor.RawData.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) });
                file.Write(tensor.RawData.Span);
                at += tensor.RawData.Length;
                tensor.ClearRawData();
            }
        });
    }
}
