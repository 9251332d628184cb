using System.Diagnostics;
using System.Globalization;

namespace Dlc.Gpu;

/// <summary>All that is checked and timed on a machine with a GPU.</summary>
internal static class Kit
{
    /// <summary>Runs it over an unpacked bundle and writes the page.</summary>
    public static (int Passed, int Failed) Run(string folder, GpuMachine machine, KitOptions options)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var page = new GpuPage();
        page.Line($"Made by `tests/gpu/run` on {DateTime.UtcNow:yyyy-MM-dd}: {machine.Device.Name} (sm_{machine.Device.Capability}), driver {machine.Driver}.");
        var (passed, failed) = Check(folder, machine, options);
        page.Line($"Checked against the processor, each also at the lowest memory limit that it takes: {passed} passed, {failed} failed.");
        var peers = new Peers(options.Python, options.Peers);
        if (options.Takes("speed"))
        {
            failed += new Speed(machine, options, peers, page).Run(folder);
        }

        if (options.Takes("varied"))
        {
            failed += new Varied(machine, peers, page).Run(folder);
        }

        if (options.Takes("steps"))
        {
            failed += new Steps(machine, options, page).Run(folder);
        }

        page.Save(options.Out, options.Page);
        return (passed, failed);
    }

    private static (int Passed, int Failed) Check(string folder, GpuMachine machine, KitOptions options)
    {
        var (passed, failed) = (0, 0);
        var watch = Stopwatch.StartNew();
        foreach (string file in Directory.GetFiles(folder, "*.case", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.ChangeExtension(Path.GetRelativePath(folder, file), null);
            if (!name.StartsWith(options.Only, StringComparison.Ordinal))
            {
                continue;
            }

            if (Conformance.Problem(file, machine.Device) is { } problem)
            {
                failed++;
                Console.WriteLine($"fail {name}: {problem}");
            }
            else
            {
                passed++;
            }
        }

        Console.WriteLine($"checked in {watch.Elapsed.TotalSeconds:f1} s: {passed} passed, {failed} failed");
        return (passed, failed);
    }
}
