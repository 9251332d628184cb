using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>A tensor of a bundle: name of the port, dims and row-major bytes.</summary>
internal sealed record BundleTensor(string Name, ScalarType Type, long[] Dims, byte[] Bytes)
{
    public void Write(BinaryWriter writer)
    {
        writer.Write(Name);
        writer.Write((byte)Type);
        writer.Write(Dims.Length);
        Array.ForEach(Dims, writer.Write);
        writer.Write(Bytes.Length);
        writer.Write(Bytes);
    }

    public static BundleTensor Read(BinaryReader reader)
    {
        string name = reader.ReadString();
        var type = (ScalarType)reader.ReadByte();
        long[] dims = new long[reader.ReadInt32()];
        for (int a = 0; a < dims.Length; a++)
        {
            dims[a] = reader.ReadInt64();
        }

        return new BundleTensor(name, type, dims, reader.ReadBytes(reader.ReadInt32()));
    }

    public override string ToString() => $"{Name}[{string.Join(',', Dims)}]";
}
