using System.Globalization;
using Dlc.Compiler.Onnx.Proto;
using Google.Protobuf;

namespace ModelBuilder;

/// <summary>Writes models, with the weights in a file of their own where one protobuf message cannot hold them.</summary>
public static class OnnxFile
{
    // Protobuf messages end at 2 GiB.
    private const long MaxInlineBytes = 1800L << 20;
    private const int SmallestExternal = 1024;
    private const int Alignment = 64;

    /// <summary>
    /// Writes <paramref name="model"/> to <paramref name="path"/>. Weights that are only declared get a place in external data full of zeros, which
    /// takes no room on disk where the file system keeps holes.
    /// </summary>
    /// <param name="model">The model. With external data its initializers lose their raw_data.</param>
    /// <param name="path">The file; external data goes to the same path with <c>.data</c> behind it.</param>
    /// <param name="external">Put weights of 1 KiB and more into external data though they would fit.</param>
    public static void Write(ModelProto model, string path, bool external = false)
    {
        if (external || model.Graph.Initializer.Any(IsDeclared) || model.Graph.Initializer.Sum(t => (long)t.RawData.Length) > MaxInlineBytes)
        {
            MoveOut(model, path + ".data");
        }

        using var file = File.Create(path);
        model.WriteTo(file);
    }

    private static void MoveOut(ModelProto model, string path)
    {
        using var file = File.Create(path);
        foreach (var tensor in model.Graph.Initializer.Where(t => IsDeclared(t) || t.RawData.Length >= SmallestExternal))
        {
            file.Position = (file.Position + Alignment - 1) / Alignment * Alignment;
            var length = IsDeclared(tensor) ? DeclaredBytes(tensor) : tensor.RawData.Length;
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = Path.GetFileName(path) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = file.Position.ToString(CultureInfo.InvariantCulture) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) });
            if (tensor.RawData.IsEmpty)
            {
                file.Position += length;
                file.SetLength(file.Position);
                continue;
            }

            file.Write(tensor.RawData.Span);
            tensor.ClearRawData();
        }
    }

    private static bool IsDeclared(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External && tensor.ExternalData.Count == 0;

    private static long DeclaredBytes(TensorProto tensor) =>
        tensor.Dims.Aggregate((TensorProto.Types.DataType)tensor.DataType == TensorProto.Types.DataType.Float ? 4L : 2L, (a, b) => checked(a * b));
}
