using System.Globalization;

namespace Dlc.Bench;

/// <summary>The command line.</summary>
internal sealed record Arguments
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        tests/bench/run [options]
          --models A,B      only suite models whose name contains one of these
          --threads 1,2     thread counts (default 1,2)
          --rounds N        interleaved rounds a measurement (default 7)
          --slice MS        milliseconds that each engine runs in a round (default 200)
          --all-sizes       every size of the suite, not only the timed ones
          --only A,B        sections: speed, gemm, shapes, compile (default: these); or one alone: llama-plan plans the training step of Llama-2
                            with four layers, whose tables go to docs/memory.md; llama-train trains a small one under limits (docs/training.md)
          --exact N         with llama-plan: lengths of a batch size for which the step is compiled anew (default 6)
          --steps N         with llama-train: batches (default 200)
          --engine NAME     what is compared with ONNX Runtime (default dlc; ort shows the noise of the machine)
          --micro [ptx]     instead of all this: what a run costs beside its kernels; with ptx: how fast the PTX interpreter is (BenchmarkDotNet)
          --page FILE       write the tables between the markers of FILE (docs/performance.md); default: print only
        """;

    public IReadOnlyList<string> Models { get; private set; } = [""];

    public IReadOnlyList<int> Threads { get; private set; } = [1, 2];

    public int Rounds { get; private set; } = 7;

    public int Slice { get; private set; } = 200;

    public bool AllSizes { get; private set; }

    public IReadOnlyList<string> Only { get; private set; } = ["speed", "gemm", "shapes", "compile"];

    public int Exact { get; private set; } = 6;

    public int Steps { get; private set; } = 200;

    public string Engine { get; private set; } = "dlc";

    public string? Page { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">It is not one.</exception>
    public static Arguments Parse(string[] args)
    {
        var result = new Arguments();
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var arg))
        {
            switch (arg)
            {
                case "--models":
                    result.Models = Next().Split(',');
                    break;
                case "--threads":
                    result.Threads = [.. Next().Split(',').Select(Number)];
                    break;
                case "--rounds":
                    result.Rounds = Number(Next());
                    break;
                case "--slice":
                    result.Slice = Number(Next());
                    break;
                case "--all-sizes":
                    result.AllSizes = true;
                    break;
                case "--only":
                    result.Only = Next().Split(',');
                    break;
                case "--exact":
                    result.Exact = Number(Next());
                    break;
                case "--steps":
                    result.Steps = Number(Next());
                    break;
                case "--engine":
                    result.Engine = Next();
                    break;
                case "--page":
                    result.Page = Next();
                    break;
                default:
                    throw new ArgumentException($"unknown option {arg}");
            }

            string Next() => rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{arg} needs a value");
        }

        return result;

        static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new ArgumentException($"'{text}' is not a positive number");
    }
}
