namespace Dlc.Gpu;

/// <summary>Runs of one executable: what goes in, what has to come out, and how far it may be off.</summary>
internal sealed record BundleCase(double Relative, double Absolute, (BundleTensor[] Inputs, BundleTensor[] Outputs)[] Runs)
{
    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Relative);
        writer.Write(Absolute);
        writer.Write(Runs.Length);
        foreach (var (inputs, outputs) in Runs)
        {
            writer.Write(inputs.Length);
            Array.ForEach(inputs, t => t.Write(writer));
            writer.Write(outputs.Length);
            Array.ForEach(outputs, t => t.Write(writer));
        }
    }

    public static BundleCase Read(Stream stream)
    {
        using var reader = new BinaryReader(stream);
        var (relative, absolute) = (reader.ReadDouble(), reader.ReadDouble());
        var runs = new (BundleTensor[], BundleTensor[])[reader.ReadInt32()];
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = (ReadTensors(reader), ReadTensors(reader));
        }

        return new BundleCase(relative, absolute, runs);
    }

    private static BundleTensor[] ReadTensors(BinaryReader reader)
    {
        var tensors = new BundleTensor[reader.ReadInt32()];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = BundleTensor.Read(reader);
        }

        return tensors;
    }
}
