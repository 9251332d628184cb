using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>
/// Executables whose large weights are left out, and made up again from a seed where they run: for timing, the bundle need not carry them.
/// </summary>
internal static class Stripped
{
    private const string Key = "stripped";

    /// <summary>Bytes from which weights are left out.</summary>
    private const long Large = 64 << 10;

    public static ExecutableModel Strip(ExecutableModel model)
    {
        var constants = (ConstantData[])model.Constants.Clone();
        var left = new List<string>();

        // First contents of parameters belong to no value; whoever runs a step makes them up on the device.
        var used = model.Values.Where(v => v.Storage == StorageKind.Constant).Select(v => v.Index).ToHashSet();
        for (int i = 0; i < constants.Length; i++)
        {
            if (!used.Contains(i))
            {
                constants[i] = ConstantData.From(ReadOnlyMemory<byte>.Empty);
            }
        }

        foreach (var value in model.Values)
        {
            if (value.Storage == StorageKind.Constant && constants[value.Index].Length >= Large && value.Type is ScalarType.F32 or ScalarType.F16 or ScalarType.BF16)
            {
                left.Add($"{value.Index}:{constants[value.Index].Length}:{(int)value.Type}");
                constants[value.Index] = ConstantData.From(ReadOnlyMemory<byte>.Empty);
            }
        }

        return model with { Constants = constants, Properties = [.. model.Properties, new(Key, string.Join(' ', left))] };
    }

    /// <summary>The model with weights again, uniform in a small range; the same for every call.</summary>
    public static ExecutableModel Restore(ExecutableModel model)
    {
        string list = model.Properties.FirstOrDefault(p => p.Key == Key).Value ?? "";
        var constants = (ConstantData[])model.Constants.Clone();
        foreach (string item in list.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = item.Split(':');
            (int index, long length, var type) = (int.Parse(parts[0]), long.Parse(parts[1]), (ScalarType)int.Parse(parts[2]));
            constants[index] = ConstantData.From(length, stream => Fill(stream, length, type, (uint)index));
        }

        return model with { Constants = constants };
    }

    private static void Fill(Stream stream, long length, ScalarType type, uint seed)
    {
        uint state = (seed * 2654435761) + 12345;
        int size = type == ScalarType.F32 ? 4 : 2;
        var buffer = new byte[1 << 20];
        for (long left = length; left > 0;)
        {
            int count = (int)Math.Min(left, buffer.Length);
            for (int i = 0; i + size <= count; i += size)
            {
                state = (state * 1664525) + 1013904223;
                float value = ((state >> 8) / (float)(1 << 24) - 0.5f) * 0.08f;
                switch (type)
                {
                    case ScalarType.F32:
                        BitConverter.TryWriteBytes(buffer.AsSpan(i), value);
                        break;
                    case ScalarType.F16:
                        BitConverter.TryWriteBytes(buffer.AsSpan(i), (Half)value);
                        break;
                    default:
                        BitConverter.TryWriteBytes(buffer.AsSpan(i), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                        break;
                }
            }

            stream.Write(buffer, 0, count);
            left -= count;
        }
    }
}
