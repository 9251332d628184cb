using System.Globalization;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Data of a tensor in a file beside the model. The file must lie inside the model's folder, links followed: a model from a stranger must not
/// read other files.
/// </summary>
internal static class ExternalData
{
    public static ReadOnlyMemory<byte> Read(TensorProto proto, string? folder, long size, string where)
    {
        var (location, offset, length) = Describe(proto, where);
        if (folder is null)
        {
            throw Bad($"its data lies in '{location}', but a model from memory has no folder", where);
        }

        if (length is { } claimed && claimed != size)
        {
            throw Bad($"takes {size} bytes, but '{location}' is said to hold {claimed} of it", where);
        }

        var path = Resolve(location, folder, where);
        var file = new MappedFile(path);
        if (offset > file.Length - size)
        {
            throw Bad($"bytes {offset} to {offset + (decimal)size} are outside of '{location}', which has {file.Length}", where);
        }

        return size <= int.MaxValue ? file.Memory(offset, (int)size) : throw new UnsupportedModelException($"tensor of {size} bytes", where);
    }

    private static (string Location, long Offset, long? Length) Describe(TensorProto proto, string where)
    {
        string? location = null;
        var (offset, length) = (0L, (long?)null);
        foreach (var entry in proto.ExternalData)
        {
            switch (entry.Key)
            {
                case "location": location = entry.Value; break;
                case "offset": offset = Number(entry, where); break;
                case "length": length = Number(entry, where); break;
                default: break;
            }
        }

        return string.IsNullOrEmpty(location) ? throw Bad("its data is external, but no location is given", where) : (location, offset, length);
    }

    private static string Resolve(string location, string folder, string where)
    {
        var parts = location.Split('/', '\\');
        if (Path.IsPathRooted(location) || location.Contains('\0') || location.Contains(':') || parts.Contains(".."))
        {
            throw Bad($"its data may not lie in '{location}': only files inside the model's folder are read", where);
        }

        var root = RealPath(folder, where);
        var path = RealPath(Path.Combine(folder, location), where);
        if (!path.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal))
        {
            throw Bad($"its data may not lie in '{location}': that is a link out of the model's folder", where);
        }

        return File.Exists(path) ? path : throw Bad($"the file '{location}' with its data is missing", where);
    }

    /// <summary>The path with every link in it followed, of folders as well.</summary>
    private static string RealPath(string path, string where)
    {
        const int MostLinks = 40;
        var links = 0;
        var pending = new Stack<string>(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = "/";
        while (pending.TryPop(out var part))
        {
            var next = Path.Combine(real, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            if (info.LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw Bad("its data lies behind links that lead in a circle", where);
            }

            foreach (var piece in Path.GetFullPath(target, real).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                pending.Push(piece);
            }

            real = "/";
        }

        return real;
    }

    private static long Number(StringStringEntryProto entry, string where) =>
        long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : throw Bad($"the {entry.Key} '{entry.Value}' of its external data is not a number", where);

    private static DlcException Bad(string message, string where) => new(ErrorCodes.BadExternalData, message, where);
}
