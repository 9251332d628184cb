using System.Diagnostics;
using System.Globalization;
using Dlc.Runtime;

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
        page.Line(passed + failed == 0 ? "Not checked against the processor in this run." : $"Checked against the processor, each also at the lowest memory limit that it takes: {passed} passed, {failed} failed.");
        var peers = new Peers(options.Python, options.Peers);
        failed += Group("speed", new Speed(machine, options, peers, page).Run);
        failed += Group("varied", new Varied(machine, peers, page).Run);
        failed += Group("steps", new Steps(machine, options, page).Run);
        page.Save(options.Out, options.Page);
        return (passed, failed);

        // What one group does to a device must not cost the figures of those before it.
        int Group(string name, Func<string, int> run)
        {
            if (!options.Takes(name))
            {
                return 0;
            }

            try
            {
                return run(folder);
            }
            catch (Exception e) when (e is DlcRuntimeException or InvalidOperationException or ArgumentException or KeyNotFoundException or IOException)
            {
                page.Line();
                page.Line($"The group {name} ended early: {e.Message.ReplaceLineEndings(" ")}");
                return 1;
            }
        }
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
