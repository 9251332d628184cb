namespace Dlc.Gpu;

/// <summary>An executable that is timed: dims by name for each run, with its floating-point operations and the bytes it has to move at least (0: unknown).</summary>
internal sealed record SpeedCase((Dictionary<string, long> Dims, double Flops, double Bytes)[] Runs)
{
    /// <summary>Most bytes of a run; 0 for no limit.</summary>
    public double MemoryLimit { get; init; }

    /// <summary>Shares of the arena without a limit that a run is given as well.</summary>
    public double[] Shares { get; init; } = [];

    /// <summary>Times that all runs are gone through, where those at varying dims are timed together.</summary>
    public int Rounds { get; init; }

    /// <summary>What ids in the inputs stay below.</summary>
    public long Ids { get; init; } = 2;

    /// <summary>The same model for the script that times PyTorch: an object of JSON, or empty.</summary>
    public string Peer { get; init; } = "";

    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(MemoryLimit);
        writer.Write(Shares.Length);
        Array.ForEach(Shares, writer.Write);
        writer.Write(Rounds);
        writer.Write(Ids);
        writer.Write(Peer);
        writer.Write(Runs.Length);
        foreach (var (dims, flops, bytes) in Runs)
        {
            writer.Write(dims.Count);
            foreach (var (name, value) in dims)
            {
                writer.Write(name);
                writer.Write(value);
            }

            writer.Write(flops);
            writer.Write(bytes);
        }
    }

    public static SpeedCase Read(string file)
    {
        using var stream = File.OpenRead(file);
        return Read(stream);
    }

    public static SpeedCase Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        double limit = reader.ReadDouble();
        double[] shares = new double[reader.ReadInt32()];
        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] = reader.ReadDouble();
        }

        var (rounds, ids, peer) = (reader.ReadInt32(), reader.ReadInt64(), reader.ReadString());
        var runs = new (Dictionary<string, long>, double, double)[reader.ReadInt32()];
        for (int i = 0; i < runs.Length; i++)
        {
            var dims = new Dictionary<string, long>();
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                string name = reader.ReadString();
                dims.Add(name, reader.ReadInt64());
            }

            runs[i] = (dims, reader.ReadDouble(), reader.ReadDouble());
        }

        return new SpeedCase(runs) { MemoryLimit = limit, Shares = shares, Rounds = rounds, Ids = ids, Peer = peer };
    }
}
