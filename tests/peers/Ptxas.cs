using System.Diagnostics;
using System.Globalization;

namespace Dlc.Peers;

/// <summary>NVIDIA's assembler, where <c>tests/ptx/ptxas --fetch</c> has brought it.</summary>
public static class Ptxas
{
    private static readonly string Script = Path.Combine(Repository.Root, "tests", "ptx", "ptxas");

    /// <summary>Why it cannot be used; null when it can.</summary>
    public static string? Missing => File.Exists(Path.Combine(Repository.Cache, "ptxas", "ptxas"))
        ? null
        : "ptxas is not there: tests/ptx/ptxas --fetch brings it";

    /// <summary>Assembles a module for a target such as sm_80.</summary>
    /// <returns>What became of each kernel.</returns>
    /// <exception cref="InvalidDataException">It does not accept the text; the message is its own.</exception>
    public static IReadOnlyList<PtxasKernel> Assemble(string ptx, string target)
    {
        string file = Path.Combine(Path.GetTempPath(), $"dlc-{Guid.NewGuid():n}.ptx");
        File.WriteAllText(file, ptx);
        try
        {
            var start = new ProcessStartInfo(Script, ["--arch", target, file]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read)]
                : throw new InvalidDataException(errors.Result.Replace(file, "PTX", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static PtxasKernel Read(string line)
    {
        string[] words = line.Split(' ');
        var values = words.Skip(2).Select(w => w.Split('=')).ToDictionary(w => w[0], w => int.Parse(w[1], CultureInfo.InvariantCulture));
        return new(words[1], values["registers"], values["shared"], values["stack"], values["spill_stores"], values["spill_loads"]);
    }
}
