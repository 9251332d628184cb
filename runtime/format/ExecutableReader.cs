using Microsoft.Win32.SafeHandles;

namespace Dlc.Runtime.Format;

/// <summary>Reads the model of a <c>.dlcx</c> file, for tools; running one goes through the loader.</summary>
public static unsafe class ExecutableReader
{
    /// <summary>
    /// Reads and checks header, metadata and code. The constants stay in the file and are read from it when they are written elsewhere.
    /// </summary>
    /// <exception cref="DlcRuntimeException">FileAccess, ForeignFile, FormatVersion, Truncated, Damaged or InvalidModel.</exception>
    public static ExecutableModel Read(string path)
    {
        using var file = Open(path);
        var layout = ReadLayout(file, path);
        return ReadModel(file, layout, path);
    }

    /// <summary>Compares the constants with their checksum, which loading does not do.</summary>
    /// <exception cref="DlcRuntimeException">As <see cref="Read"/>; Damaged when the constants differ.</exception>
    public static void VerifyConstants(string path)
    {
        using var file = Open(path);
        var section = ReadLayout(file, path).Constants;
        var hash = new XxHash64();
        var buffer = new byte[1 << 20];
        for (long done = 0; done < section.Length;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, section.Length - done));
            ReadExactly(file, part, section.Offset + done, path);
            hash.Append(part);
            done += part.Length;
        }

        if (hash.Finish() != section.Hash)
        {
            throw new DlcRuntimeException(RuntimeErrors.Damaged, $"the constants of '{path}' are damaged", "a matching checksum", "another");
        }
    }

    internal static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new DlcRuntimeException(RuntimeErrors.FileAccess, $"'{path}' can't be opened: {e.Message}");
        }
    }

    internal static FileLayout ReadLayout(SafeFileHandle file, string path)
    {
        Span<byte> header = stackalloc byte[FileLayout.HeaderBytes];
        try
        {
            long length = RandomAccess.GetLength(file);
            int read = RandomAccess.Read(file, header, 0);
            return FileLayout.Parse(header[..read], length, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DlcRuntimeException(RuntimeErrors.FileAccess, $"'{path}' can't be read: {e.Message}");
        }
    }

    /// <summary>Metadata and code to a checked model; its constants remember their place in the file.</summary>
    internal static ExecutableModel ReadModel(SafeFileHandle file, FileLayout layout, string path)
    {
        var model = MetadataCodec.Decode(
            ReadChecked(file, layout.Metadata, "metadata", path),
            ReadChecked(file, layout.Code, "code", path),
            layout.Constants.Length,
            (offset, length) => ConstantData.InFile(path, layout.Constants.Offset + offset, length));
        ModelValidator.Validate(model, layout.Code.Length);
        return model;
    }

    /// <summary>Reads a part of a file of any size.</summary>
    internal static void ReadExactly(SafeFileHandle file, byte* target, long length, long offset, string path)
    {
        for (long done = 0; done < length;)
        {
            int count = (int)Math.Min(length - done, 1 << 30);
            ReadExactly(file, new Span<byte>(target + done, count), offset + done, path);
            done += count;
        }
    }

    private static byte[] ReadChecked(SafeFileHandle file, FileSection section, string name, string path)
    {
        if (section.Length > int.MaxValue)
        {
            throw new DlcRuntimeException(RuntimeErrors.Damaged, $"the {name} of '{path}' is too large", "less than 2 GiB", $"{section.Length} bytes");
        }

        var bytes = new byte[section.Length];
        ReadExactly(file, bytes, section.Offset, path);
        if (XxHash64.Hash(bytes) != section.Hash)
        {
            throw new DlcRuntimeException(RuntimeErrors.Damaged, $"the {name} of '{path}' is damaged", "a matching checksum", "another");
        }

        return bytes;
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> target, long offset, string path)
    {
        try
        {
            while (!target.IsEmpty)
            {
                int read = RandomAccess.Read(file, target, offset);
                if (read == 0)
                {
                    throw new DlcRuntimeException(RuntimeErrors.Truncated, $"'{path}' became shorter while it was read");
                }

                target = target[read..];
                offset += read;
            }
        }
        catch (IOException e)
        {
            throw new DlcRuntimeException(RuntimeErrors.FileAccess, $"'{path}' can't be read: {e.Message}");
        }
    }
}
