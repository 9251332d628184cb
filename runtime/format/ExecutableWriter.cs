using System.Buffers;

namespace Dlc.Runtime.Format;

/// <summary>Writes a model as a <c>.dlcx</c> file. Equal models give equal bytes.</summary>
public static class ExecutableWriter
{
    /// <summary>Writes a file; an existing one is replaced only when everything was written.</summary>
    /// <exception cref="DlcRuntimeException">InvalidModel, or FileAccess.</exception>
    public static void Write(ExecutableModel model, string path)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                Write(model, stream);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DlcRuntimeException(RuntimeErrors.FileAccess, $"'{path}' can't be written: {e.Message}");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes to an empty stream that can seek.</summary>
    /// <exception cref="DlcRuntimeException">InvalidModel.</exception>
    public static void Write(ExecutableModel model, Stream stream)
    {
        ModelValidator.Validate(model);
        var offsets = new long[model.Constants.Length];
        long end = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = FileLayout.Align(end, FileLayout.ConstantAlignment);
            end = checked(offsets[i] + model.Constants[i].Length);
        }

        byte[] metadata = MetadataCodec.Encode(model, offsets);
        var metadataSection = new FileSection(FileLayout.HeaderBytes, metadata.Length, XxHash64.Hash(metadata));
        var codeSection = new FileSection(
            FileLayout.Align(metadataSection.Offset + metadata.Length, FileLayout.PageBytes),
            model.Code.Length,
            XxHash64.Hash(model.Code.Span));
        long constantsAt = FileLayout.Align(codeSection.Offset + codeSection.Length, FileLayout.PageBytes);

        stream.Write(new byte[FileLayout.HeaderBytes]);
        stream.Write(metadata);
        Pad(stream, codeSection.Offset - stream.Position);
        stream.Write(model.Code.Span);
        Pad(stream, constantsAt - stream.Position);

        var hashing = new HashingStream(stream);
        for (int i = 0; i < offsets.Length; i++)
        {
            Pad(hashing, offsets[i] - hashing.Written);
            long before = hashing.Written;
            model.Constants[i].WriteTo(hashing);
            if (hashing.Written - before != model.Constants[i].Length)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.InvalidModel, $"constant {i} wrote another number of bytes than it has", $"{model.Constants[i].Length}", $"{hashing.Written - before}");
            }
        }

        var layout = new FileLayout(
            metadataSection, codeSection, new FileSection(constantsAt, hashing.Written, hashing.Hash), constantsAt + hashing.Written);
        stream.Position = 0;
        stream.Write(layout.ToBytes());
        stream.Flush();
    }

    private static void Pad(Stream stream, long bytes)
    {
        byte[] zeros = ArrayPool<byte>.Shared.Rent(FileLayout.PageBytes);
        Array.Clear(zeros);
        while (bytes > 0)
        {
            int take = (int)Math.Min(bytes, zeros.Length);
            stream.Write(zeros, 0, take);
            bytes -= take;
        }

        ArrayPool<byte>.Shared.Return(zeros);
    }
}
