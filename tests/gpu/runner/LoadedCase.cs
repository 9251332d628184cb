using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>A timed executable with its large weights made up again.</summary>
internal static class LoadedCase
{
    /// <summary>Loads the executable that lies beside a case.</summary>
    public static CompiledModel Load(string file)
    {
        ExecutableModel stripped;
        using (var loaded = LoadedExecutable.Load(Path.ChangeExtension(file, ".dlcx")))
        {
            stripped = loaded.Model;
        }

        return CompiledModel.FromModel(Stripped.Restore(stripped));
    }
}
