using System.Globalization;

namespace Dlc.Conformance;

/// <summary>The command line.</summary>
internal sealed record Arguments
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        tests/conformance/run [options] DIR...
          DIR               a case in ONNX's test-data layout, or a folder of cases
          --engine NAME     dlc (default), ort: ONNX Runtime, to check the runner itself,
                            reference: our operators run one by one, passes: the same after all passes,
                            kernels: lowered kernels in the interpreter, ptx: compiled for a GPU,
                            in the interpreter of PTX, or
                            dynamic-NAME: engine NAME with all dims of inputs unknown
          --filter TEXT     only cases whose name contains TEXT
          --jobs N          worker processes (default: one a core)
          --timeout S       seconds that a case may take (default 60)
          --expected FILE   fail only on results that are worse than FILE knows
          --bless           rewrite that file instead
        """;

    public List<string> Folders { get; } = [];

    public string Engine { get; private set; } = "dlc";

    public string Filter { get; private set; } = "";

    public int Jobs { get; private set; } = Environment.ProcessorCount;

    public TimeSpan Limit { get; private set; } = TimeSpan.FromSeconds(60);

    public string? Expected { get; private set; }

    public bool Bless { get; private set; }

    public bool Worker { get; private set; }

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
                case "--engine":
                    result.Engine = Next();
                    break;
                case "--filter":
                    result.Filter = Next();
                    break;
                case "--jobs":
                    result.Jobs = Number();
                    break;
                case "--timeout":
                    result.Limit = TimeSpan.FromSeconds(Number());
                    break;
                case "--expected":
                    result.Expected = Next();
                    break;
                case "--bless":
                    result.Bless = true;
                    break;
                case "--worker":
                    result.Worker = true;
                    break;
                case var option when option.StartsWith("--", StringComparison.Ordinal):
                    throw new ArgumentException($"unknown option {option}");
                default:
                    result.Folders.Add(arg);
                    break;
            }

            string Next() => rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{arg} needs a value");
            int Number() => int.TryParse(Next(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
                ? value
                : throw new ArgumentException($"{arg} needs a positive number");
        }

        return result.Worker || result.Folders.Count > 0 ? result : throw new ArgumentException("no DIR is given");
    }
}
