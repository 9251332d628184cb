using System.Globalization;

namespace Dlc.Compiler.Cli;

/// <summary>The figures of a compilation as text.</summary>
internal static class Summary
{
    public static void Print(CompileReport report, TextWriter output, bool passes)
    {
        output.WriteLine($"{report.Model} for {report.Target}");
        Line(output, "operators", $"{report.OperatorsIn} in, {report.OperatorsOut} out");
        Line(output, "kernels", $"{report.Launches} launches, {report.FusedKernels} of them fused; {report.DistinctKernels} distinct kernels compiled");
        if (report.Training is { } training)
        {
            Line(output, "training", training);
        }

        Line(output, "symbols", $"{report.Symbols}");
        Line(output, "guards", $"{report.Guards}");
        Line(output, "constants", Bytes(report.ConstantBytes));
        Line(output, "code", Bytes(report.CodeBytes));
        Line(output, "seconds", string.Join(", ", report.Stages.Select(s => $"{s.Stage} {Seconds(s.Elapsed)}")) + $"; {Seconds(report.Elapsed)} in all");
        if (!passes)
        {
            return;
        }

        output.WriteLine("passes");
        foreach (var pass in report.Passes)
        {
            output.WriteLine($"  {pass.Pass,-26} {Seconds(pass.Elapsed),8} s  {pass.Runs} runs, {pass.Changes} changed something");
        }
    }

    /// <summary>A size that a person reads.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MiB"),
    };

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static void Line(TextWriter output, string name, string text) => output.WriteLine($"  {name,-10} {text}");
}
