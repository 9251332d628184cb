using System.Text.Json;

namespace Dlc.Tests.Unit.Memory;

/// <summary>
/// Replays an exported memory plan from its JSON alone, as somebody would who has only the file: knows nothing of the program that wrote it.
/// </summary>
internal static class PlanChecker
{
    private const long Alignment = 64;

    /// <summary>What is wrong with a plan; null for nothing.</summary>
    public static string? Problem(JsonElement plan)
    {
        try
        {
            return Replay(plan) ?? Places(plan);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"the plan lacks something: {e.Message}";
        }
    }

    /// <summary>Every step reads only what is there, and buffers begin and end when the plan says.</summary>
    private static string? Replay(JsonElement plan)
    {
        var buffers = plan.GetProperty("buffers").EnumerateArray().ToDictionary(b => Text(b, "name"));
        var there = Names(plan, "inputs").ToHashSet();
        if (there.FirstOrDefault(buffers.ContainsKey) is { } early)
        {
            return $"'{early}' is an input and a buffer";
        }

        var (first, last) = (new Dictionary<string, int>(), new Dictionary<string, int>());
        var dropped = new Dictionary<string, int>();
        var index = 0;
        foreach (var step in plan.GetProperty("steps").EnumerateArray())
        {
            if (step.GetProperty("index").GetInt32() != index)
            {
                return $"step {index} calls itself {step.GetProperty("index")}";
            }

            _ = (Text(step, "kind"), Text(step, "kernel"), Names(step, "origins").Count);
            if (step.GetProperty("flops").GetDouble() < 0 || step.GetProperty("seconds").GetDouble() < 0)
            {
                return $"step {index} takes less than nothing";
            }

            // Written in place means read before.
            if (Names(step, "reads").FirstOrDefault(r => !there.Contains(r)) is { } absent)
            {
                return $"step {index} reads '{absent}', which is not there";
            }

            foreach (var written in Names(step, "writes"))
            {
                there.Add(written);
                first.TryAdd(written, index);
            }

            foreach (var touched in Names(step, "reads").Concat(Names(step, "writes")))
            {
                last[touched] = index;
            }

            foreach (var gone in Names(step, "drops"))
            {
                if (!there.Remove(gone))
                {
                    return $"step {index} drops '{gone}', which is not there";
                }

                dropped[gone] = index;
            }

            index++;
        }

        foreach (var (name, buffer) in buffers)
        {
            var (from, to) = (buffer.GetProperty("first").GetInt32(), buffer.GetProperty("last").GetInt32());
            if (first.GetValueOrDefault(name, -1) != from || last.GetValueOrDefault(name, -1) != to || dropped.GetValueOrDefault(name, -1) != to)
            {
                return $"'{name}' lives from {from} to {to}, but is written first at {first.GetValueOrDefault(name, -1)}, "
                    + $"touched last at {last.GetValueOrDefault(name, -1)} and dropped at {dropped.GetValueOrDefault(name, -1)}";
            }
        }

        return null;
    }

    /// <summary>Buffers that live at one time do not overlap; the peak and the bound are what follows from the buffers.</summary>
    private static string? Places(JsonElement plan)
    {
        var buffers = plan.GetProperty("buffers").EnumerateArray().Select(b => (Name: Text(b, "name"), Bytes: Number(b, "bytes"), Offset: Number(b, "offset"),
            First: Number(b, "first"), Last: Number(b, "last"))).ToList();
        foreach (var b in buffers)
        {
            if (b.Bytes <= 0 || b.Offset < 0 || b.Offset % Alignment != 0 || b.First > b.Last)
            {
                return $"'{b.Name}' is no buffer: {b}";
            }
        }

        for (var i = 0; i < buffers.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (a, b) = (buffers[i], buffers[j]);
                if (a.First <= b.Last && b.First <= a.Last && a.Offset < b.Offset + b.Bytes && b.Offset < a.Offset + a.Bytes)
                {
                    return $"'{a.Name}' and '{b.Name}' overlap";
                }
            }
        }

        var peak = buffers.Select(b => b.Offset + b.Bytes).DefaultIfEmpty(0).Max();
        if (peak != Number(plan, "peakBytes"))
        {
            return $"the peak is {peak}, not {Number(plan, "peakBytes")}";
        }

        var bound = buffers.Select(b => buffers.Where(o => o.First <= b.First && b.First <= o.Last).Sum(o => o.Bytes)).DefaultIfEmpty(0).Max();
        return bound == Number(plan, "lowerBoundBytes") ? null : $"the bound is {bound}, not {Number(plan, "lowerBoundBytes")}";
    }

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()
        ?? throw new FormatException($"'{property}' is null");

    private static long Number(JsonElement element, string property) => element.GetProperty(property).GetInt64();

    private static List<string> Names(JsonElement element, string property) => [.. element.GetProperty(property).EnumerateArray().Select(n => n.GetString()!)];
}
