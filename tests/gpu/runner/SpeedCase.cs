namespace Dlc.Gpu;

/// <summary>An executable that is timed: dims by name for each run, with its floating-point operations and the bytes it has to move at least (0: unknown).</summary>
internal sealed record SpeedCase(double MemoryLimit, (Dictionary<string, long> Dims, double Flops, double Bytes)[] Runs)
{
    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(MemoryLimit);
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

    public static SpeedCase Read(Stream stream)
    {
        using var reader = new BinaryReader(stream);
        double limit = reader.ReadDouble();
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

        return new SpeedCase(limit, runs);
    }
}
