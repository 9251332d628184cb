using Dlc.Runtime;
using Dlc.Runtime.Device;

namespace Dlc.Gpu;

/// <summary>Runs cases and compares their outputs; each also under the lowest memory limit that it takes.</summary>
internal static class Conformance
{
    public static string? Problem(string file, IDevice device)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var own = BundleCase.Read(stream);
            using var model = CompiledModel.Load(Path.ChangeExtension(file, ".dlcx"));
            using var session = model.CreateSession(new SessionOptions { Device = device });
            foreach (var run in own.Runs)
            {
                if (Run(session, own, run) is { } problem)
                {
                    return problem;
                }
            }

            return own.Runs.Length == 0 ? null : UnderLimit(model, own, device);
        }
        catch (Exception e) when (e is DlcRuntimeException or InvalidOperationException or ArgumentException)
        {
            return e.Message;
        }
    }

    /// <summary>The last run again, with as little memory as possible: values leave the device and come back.</summary>
    private static string? UnderLimit(CompiledModel model, BundleCase own, IDevice device)
    {
        var run = own.Runs[^1];
        long[][] dims = [.. model.Inputs.Select(i => run.Inputs.First(t => t.Name == i.Name).Dims)];
        long least;
        try
        {
            model.MemoryFor(dims, new MemoryQuery { MemoryLimit = 1 });
            return null;
        }
        catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
        {
            least = Named(e);
        }

        while (true)
        {
            using var session = model.CreateSession(new SessionOptions { Device = device, MemoryLimit = least });
            try
            {
                return Run(session, own, run) is { } problem ? $"under {least} bytes: {problem}" : null;
            }
            catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit && Named(e) > least)
            {
                // Sizes that data decides come on top.
                least = Named(e);
            }
        }
    }

    private static long Named(DlcRuntimeException refusal) => long.Parse(refusal.Message.Split("at least ")[1].Split(' ')[0]);

    private static unsafe string? Run(Session session, BundleCase own, (BundleTensor[] Inputs, BundleTensor[] Outputs) run)
    {
        using var binding = session.CreateBinding();
        foreach (var input in run.Inputs)
        {
            binding.BindInputBytes(input.Name, input.Bytes, input.Dims);
        }

        session.Run(binding);
        foreach (var output in run.Outputs)
        {
            void* data = binding.OutputData(output.Name, out long bytes);
            if (Differences.Between(output, binding.OutputDims(output.Name), new ReadOnlySpan<byte>(data, checked((int)bytes)), own.Relative, own.Absolute) is { } problem)
            {
                return $"{string.Join(' ', run.Inputs.Select(i => i.ToString()))}: {problem}";
            }
        }

        return null;
    }
}
