namespace Dlc.Gpu;

/// <summary>What is asked of a run.</summary>
internal sealed record KitOptions
{
    public const string Usage = """
        dlc-gpu BUNDLE.zip [options]: checks and times compiled models on the first GPU; the last line is 'N passed, N failed'
          --only GROUP    onnx or models (checks whose names begin so), speed, varied, steps
          --out FOLDER    where gpu.md goes (default: the bundle's folder)
          --page FILE     also writes the figures between the markers 'gpu:begin' and 'gpu:end' of a page
          --python PATH   the Python that may have PyTorch (default: python3)
        """;

    public string Bundle { get; init; } = "";

    public string Only { get; init; } = "";

    public string Out { get; init; } = "";

    public string? Page { get; init; }

    public string Python { get; init; } = "python3";

    /// <summary>The script that times PyTorch.</summary>
    public string Peers { get; init; } = Path.Combine(AppContext.BaseDirectory, "peers.py");

    /// <summary>Runs before those that count, and those of which the median is taken.</summary>
    public (int Warmups, int Runs) Repeats { get; init; } = (3, 15);

    /// <summary>The same for training steps.</summary>
    public (int Warmups, int Runs) StepRepeats { get; init; } = (1, 3);

    /// <summary>Size of the copy that bandwidth is compared with.</summary>
    public long CopiedBytes { get; init; } = 1L << 30;

    /// <summary>Reads arguments.</summary>
    /// <exception cref="ArgumentException">An argument that is none; the message says which are.</exception>
    public static KitOptions Parse(IReadOnlyList<string> args)
    {
        var options = new KitOptions();
        for (int i = 0; i < args.Count; i++)
        {
            string Next() => ++i < args.Count ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value\n{Usage}");
            options = args[i] switch
            {
                "--only" => options with { Only = Next() },
                "--out" => options with { Out = Next() },
                "--page" => options with { Page = Next() },
                "--python" => options with { Python = Next() },
                var bundle when options.Bundle.Length == 0 && !bundle.StartsWith('-') => options with { Bundle = bundle },
                var other => throw new ArgumentException($"unknown argument '{other}'\n{Usage}"),
            };
        }

        if (options.Bundle.Length == 0)
        {
            throw new ArgumentException($"no bundle\n{Usage}");
        }

        return options.Out.Length > 0 ? options : options with { Out = Path.GetDirectoryName(Path.GetFullPath(options.Bundle))! };
    }

    /// <summary>Whether a group is asked for.</summary>
    public bool Takes(string group) => Only.Length == 0 || Only == group;
}
