using Dlc.Compiler.Onnx.Proto;
using ModelBuilder;

namespace Dlc.Peers.Suite;

/// <summary>Model files written by the sample ModelBuilder, kept below <c>tests/.cache</c> until the builder changes.</summary>
public static class BuiltModels
{
    private static readonly string Folder = Path.Combine(Repository.Cache, "models", typeof(Models).Module.ModuleVersionId.ToString("N")[..12]);

    /// <summary>The file of a model that the builder knows by name; written now if it is not there. Safe from several processes.</summary>
    public static string Get(string name) => Get(name, Models.ByName[name]);

    /// <summary>The file of a model under a name of the caller's own.</summary>
    public static string Get(string name, Func<ModelProto> build)
    {
        var path = Path.Combine(Folder, name + ".onnx");
        if (File.Exists(path))
        {
            return path;
        }

        DropOldBuilds();
        Directory.CreateDirectory(Folder);
        var temporary = Path.Combine(Folder, $"{name}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp");
        OnnxFile.Write(build(), temporary);
        File.Move(temporary, path, overwrite: true);
        return path;
    }

    private static void DropOldBuilds()
    {
        var parent = Path.GetDirectoryName(Folder)!;
        foreach (var old in Directory.Exists(parent) ? Directory.GetDirectories(parent) : [])
        {
            // Another checkout may share the cache and be at work on a folder that is young.
            if (old != Folder && DateTime.UtcNow - Directory.GetLastWriteTimeUtc(old) > TimeSpan.FromHours(1))
            {
                Directory.Delete(old, recursive: true);
            }
        }
    }
}
