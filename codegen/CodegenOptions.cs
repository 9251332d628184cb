namespace Dlc.Codegen;

/// <summary>How code generation goes about its work; none of it changes what the code computes.</summary>
public sealed record CodegenOptions
{
    /// <summary>Folder for one set of files a distinct kernel: kernel IR, LLVM IR before and after optimisation, assembly. Null for none.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>Called after each finished module with the number of distinct kernels done and in all; from any thread.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <summary>Writes a file of that folder, if there is one.</summary>
    internal void Dump(string name, string extension, Func<string> text)
    {
        if (DumpDirectory is { } folder)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, name + extension), text());
        }
    }
}
