using System.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>Times models with inputs and outputs on the device: the median of some runs, each waited for.</summary>
internal static class Speed
{
    private const int Warmups = 3;
    private const int Runs = 15;
    private const long CopiedBytes = 1L << 30;

    /// <summary>Times what is in the folder; gives the number of models that could not run.</summary>
    public static int Run(string folder, IDevice device)
    {
        double copy = CopyBandwidth(device);
        Console.WriteLine($"copy bandwidth {copy / 1e9:f0} GB/s (reads and writes together)");
        Console.WriteLine("| what | dims | ms | TFLOP/s | GB/s | of copy |");
        Console.WriteLine("|---|---|---|---|---|---|");
        int failed = 0;
        foreach (string file in Directory.GetFiles(folder, "*.speed", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            try
            {
                Time(name, file, device, copy);
            }
            catch (DlcRuntimeException e)
            {
                failed++;
                Console.WriteLine($"fail {name}: {e.Message}");
            }
        }

        return failed;
    }

    private static double CopyBandwidth(IDevice device)
    {
        var (from, to) = (device.Allocate(CopiedBytes), device.Allocate(CopiedBytes));
        using var queue = device.CreateQueue();
        double seconds = Median(() =>
        {
            queue.Copy(to, from, CopiedBytes);
            queue.Synchronise();
        });
        device.Free(from);
        device.Free(to);
        return 2 * CopiedBytes / seconds;
    }

    private static void Time(string name, string file, IDevice device, double copy)
    {
        SpeedCase own;
        using (var stream = File.OpenRead(file))
        {
            own = SpeedCase.Read(stream);
        }

        ExecutableModel stripped;
        using (var loaded = LoadedExecutable.Load(Path.ChangeExtension(file, ".dlcx")))
        {
            stripped = loaded.Model;
        }

        using var model = CompiledModel.FromModel(Stripped.Restore(stripped));
        var options = new SessionOptions { Device = device };
        if (own.MemoryLimit > 0)
        {
            options = new SessionOptions { Device = device, MemoryLimit = (long)own.MemoryLimit };
        }

        using var session = model.CreateSession(options);
        foreach (var (dims, flops, bytes) in own.Runs)
        {
            var blocks = new List<nint>();
            using var binding = session.CreateBinding();
            Bind(model, session, binding, device, dims, blocks);
            double seconds = Median(() => session.Run(binding));
            string text = string.Join(' ', dims.Select(d => $"{d.Key}={d.Value}"));
            string rate = flops > 0 ? $"{flops / seconds / 1e12:f1}" : "";
            string moved = bytes > 0 ? $"{bytes / seconds / 1e9:f0} | {bytes / seconds / copy:p0}" : " |";
            Console.WriteLine($"| {name} | {text} | {seconds * 1e3:f3} | {rate} | {moved} |");
            blocks.ForEach(device.Free);
        }
    }

    private static unsafe void Bind(CompiledModel model, Session session, RunBinding binding, IDevice device, Dictionary<string, long> named, List<nint> blocks)
    {
        long[][] dims = model.SolveInputDims(named);
        using var queue = device.CreateQueue();
        for (int i = 0; i < dims.Length; i++)
        {
            var type = model.Inputs[i].Type;
            long count = dims[i].Aggregate(1L, (a, b) => a * b);
            byte[] bytes = new byte[count * type.SizeOf()];
            Fill(bytes, type, i);
            nint address = device.Allocate(bytes.Length);
            blocks.Add(address);
            fixed (byte* data = bytes)
            {
                queue.CopyToDevice(address, data, bytes.Length);
                queue.Synchronise();
            }

            binding.BindDeviceInput(i, address, bytes.Length, dims[i]);
        }

        for (int o = 0; o < model.Outputs.Count; o++)
        {
            long[] output = new long[model.Outputs[o].Dims.Count];
            if (session.TryGetOutputDims(binding, o, output))
            {
                long bytes = Math.Max(1, output.Aggregate(1L, (a, b) => a * b) * model.Outputs[o].Type.SizeOf());
                nint address = device.Allocate(bytes);
                blocks.Add(address);
                binding.BindDeviceOutput(o, address, bytes);
            }
        }
    }

    /// <summary>Floats around 0, integers that are valid ids and masks: 0 or 1.</summary>
    private static void Fill(byte[] bytes, ScalarType type, int seed)
    {
        uint state = (uint)seed + 7;
        int size = type.SizeOf();
        for (int i = 0; i + size <= bytes.Length; i += size)
        {
            state = (state * 1664525) + 1013904223;
            float value = ((state >> 8) / (float)(1 << 24)) - 0.5f;
            var at = bytes.AsSpan(i);
            switch (type)
            {
                case ScalarType.F32:
                    BitConverter.TryWriteBytes(at, value);
                    break;
                case ScalarType.F16:
                    BitConverter.TryWriteBytes(at, (Half)value);
                    break;
                case ScalarType.BF16:
                    BitConverter.TryWriteBytes(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
                default:
                    at[0] = 1;
                    break;
            }
        }
    }

    private static double Median(Action work)
    {
        for (int i = 0; i < Warmups; i++)
        {
            work();
        }

        var times = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(times);
        return times[Runs / 2];
    }
}
