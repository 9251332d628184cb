using System.Globalization;
using System.Text;
using System.Text.Json;
using Dlc.Runtime;

namespace Dlc.Gpu;

/// <summary>
/// Times models at dims that change from run to run, beside PyTorch: the same dims in the same order, some rounds, every run counted, whatever is planned,
/// translated or compiled in it.
/// </summary>
internal sealed class Varied(GpuMachine machine, Peers peers, GpuPage page)
{
    private static readonly string[] Modes = ["eager", "compile"];

    /// <summary>Times what is in the folder; gives the number of models that could not run.</summary>
    public int Run(string folder)
    {
        int failed = 0;
        string[] files = [.. Directory.GetFiles(folder, "*.varied", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        if (files.Length == 0)
        {
            return 0;
        }

        page.Line();
        page.Line("Models at varying dims, f32 without tf32, inputs on the device, one process after the other, each with a driver's and a compiler's cache that is empty. *First* "
            + "is the first round with all that is planned and compiled in it, *later* the sum over the dims of the median of later rounds.");
        page.Table("model", "dims", "rounds", "way", "first, s", "later, s", "all, s", "compiled anew");
        foreach (string file in files)
        {
            string name = Path.GetFileNameWithoutExtension(file);
            var own = SpeedCase.Read(file);
            try
            {
                Row(name, own, "dlc", Ours(file, own), "0");
            }
            catch (DlcRuntimeException e)
            {
                failed++;
                page.Row(name, $"{own.Runs.Length}", $"{own.Rounds}", $"dlc failed: {e.Message}", "", "", "", "");
            }

            foreach (string mode in Modes)
            {
                var answer = peers.Ask(Request(own, mode));
                if (Peers.Reason(answer) is { } reason)
                {
                    page.Row(name, $"{own.Runs.Length}", $"{own.Rounds}", $"PyTorch {mode}: not measured: {reason}", "", "", "", "");
                    continue;
                }

                double[][] times = [.. answer.GetProperty("seconds").EnumerateArray().Select(r => r.EnumerateArray().Select(s => s.GetDouble()).ToArray())];
                string anew = mode == "compile" ? $"{Math.Max(0, answer.GetProperty("compilations").GetInt32() - 1)}" : "";
                Row(name, own, $"PyTorch {answer.GetProperty("version").GetString()} {(mode == "compile" ? "torch.compile(dynamic=True)" : mode)}", times, anew);
            }
        }

        return failed;
    }

    /// <summary>What PyTorch is asked.</summary>
    public static string Request(SpeedCase own, string mode)
    {
        var shapes = new StringBuilder();
        foreach (var (dims, _, _) in own.Runs)
        {
            shapes.Append(CultureInfo.InvariantCulture, $"{(shapes.Length > 0 ? "," : "")}[{dims["batch"]},{dims["sequence"]}]");
        }

        return $$"""{"what":"model","mode":"{{mode}}","rounds":{{own.Rounds}},"shapes":[{{shapes}}],"config":{{own.Peer}}}""";
    }

    /// <summary>First round, later rounds' medians, and everything, in seconds.</summary>
    public static (double First, double Later, double All) Sums(double[][] rounds) => (
        rounds[0].Sum(),
        rounds.Length == 1 ? 0 : Enumerable.Range(0, rounds[0].Length).Sum(i => Timing.Median([.. rounds.Skip(1).Select(r => r[i])])),
        rounds.Sum(r => r.Sum()));

    private void Row(string name, SpeedCase own, string way, double[][] rounds, string anew)
    {
        var (first, later, all) = Sums(rounds);
        page.Row(name, $"{own.Runs.Length}", $"{own.Rounds}", way, $"{first:f3}", $"{later:f3}", $"{all:f3}", anew);
    }

    private double[][] Ours(string file, SpeedCase own)
    {
        using var model = LoadedCase.Load(file);
        using var session = model.CreateSession(new SessionOptions { Device = machine.Device });

        // Plans are made where they are timed; the sizes of outputs are asked of another session.
        using var sizing = model.CreateSession(new SessionOptions { Device = machine.Device });
        var rounds = new double[own.Rounds][];
        for (int round = 0; round < rounds.Length; round++)
        {
            rounds[round] = new double[own.Runs.Length];
            for (int i = 0; i < own.Runs.Length; i++)
            {
                using var tensors = new DeviceTensors(model, machine.Device, own.Runs[i].Dims, own.Ids);
                using var binding = session.CreateBinding();
                tensors.Bind(sizing, binding);
                rounds[round][i] = Timing.Seconds(() => session.Run(binding));
            }
        }

        return rounds;
    }
}
