using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using Google.Protobuf;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Reads an ONNX model (operator sets 7 to 28) into a <see cref="Module"/>. Shape computation is followed symbolically; sizes that come from
/// data are bound at run time. Whatever is wrong with a model becomes one <see cref="DlcException"/>.
/// </summary>
public static class OnnxImporter
{
    /// <summary>Imports a model file; its external data lies in its folder.</summary>
    public static Module Import(string path, ImportOptions? options = null) => ImportTrainable(path, options).Module;

    /// <summary>Imports a model file, with the initializers that <see cref="ImportOptions.Parameters"/> selects as inputs.</summary>
    public static TrainableModel ImportTrainable(string path, ImportOptions? options = null)
    {
        options ??= new ImportOptions();
        options = options.Folder is null ? options with { Folder = Path.GetDirectoryName(Path.GetFullPath(path)) } : options;
        return Guarded(path, () =>
        {
            var file = ModelFile.Read(path);
            return Run(new ImportSession(file.Model, Path.GetFileNameWithoutExtension(path), options, file.Payloads));
        });
    }

    /// <summary>Imports a model from memory, with the initializers that <see cref="ImportOptions.Parameters"/> selects as inputs.</summary>
    public static TrainableModel ImportTrainable(ModelProto model, ImportOptions? options = null) =>
        Guarded("model", () => Run(new ImportSession(model, "model", options ?? new ImportOptions())));

    /// <summary>Imports a model from memory.</summary>
    public static Module Import(ReadOnlyMemory<byte> model, ImportOptions? options = null) => Guarded("model", () =>
        Import(ModelProto.Parser.ParseFrom(new System.Buffers.ReadOnlySequence<byte>(model)), "model", options ?? new ImportOptions()));

    /// <summary>Imports a model that is parsed already.</summary>
    public static Module Import(ModelProto model, ImportOptions? options = null) =>
        Guarded("model", () => Import(model, "model", options ?? new ImportOptions()));

    private static Module Import(ModelProto model, string name, ImportOptions options) => new ImportSession(model, name, options).Run();

    private static TrainableModel Run(ImportSession session) => new(session.Run(), session.Parameters);

    /// <summary>Turns every failure into a message for the user, except what can only be a bug.</summary>
    private static T Guarded<T>(string where, Func<T> import)
    {
        try
        {
            return import();
        }
        catch (DlcException)
        {
            throw;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new DlcException(ErrorCodes.BadModel, $"this is no ONNX model, or a damaged one ({e.Message})", where, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DlcException(ErrorCodes.BadModel, $"cannot read the model: {e.Message}", where, e);
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException or DimContradictionException or DivideByZeroException)
        {
            throw new DlcException(ErrorCodes.BadDim, e is OverflowException ? InternalCompilerException.SizeOverflow : e.Message, where, e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InternalCompilerException("import", null, $"{where}: {e.Message}", e);
        }
    }
}
