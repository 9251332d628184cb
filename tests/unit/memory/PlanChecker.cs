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
        // A value that leaves and returns has several buffers of one name, at different times.
        var buffers = plan.GetProperty("buffers").EnumerateArray().ToLookup(b => Text(b, "name"), b => (First: Number(b, "first"), Last: Number(b, "last")));
        var there = Names(plan, "inputs").ToHashSet();
        if (there.FirstOrDefault(buffers.Contains) is { } early)
        {
            return $"'{early}' is an input and a buffer";
        }

        var touches = new Dictionary<string, List<(long Step, string How)>>();
        void Note(string name, long step, string how)
        {
            if (buffers.Contains(name))
            {
                (touches.TryGetValue(name, out var list) ? list : touches[name] = []).Add((step, how));
            }
        }

        var saved = new HashSet<string>();
        var index = 0;
        foreach (var step in plan.GetProperty("steps").EnumerateArray())
        {
            if (step.GetProperty("index").GetInt32() != index)
            {
                return $"step {index} calls itself {step.GetProperty("index")}";
            }

            var kind = Text(step, "kind");
            _ = (Text(step, "kernel"), Names(step, "origins").Count);
            if (step.GetProperty("flops").GetDouble() < 0 || step.GetProperty("seconds").GetDouble() < 0)
            {
                return $"step {index} takes less than nothing";
            }

            // Written in place means read before.
            foreach (var read in Names(step, "reads"))
            {
                if (!there.Contains(read))
                {
                    return $"step {index} reads '{read}', which is not there";
                }

                Note(read, index, "read");
                if (kind == "offload")
                {
                    saved.Add(read);
                }
            }

            foreach (var written in Names(step, "writes"))
            {
                if (kind == "reload" && !saved.Contains(written))
                {
                    return $"step {index} brings back '{written}', which was never saved";
                }

                there.Add(written);
                Note(written, index, "write");
            }

            foreach (var gone in Names(step, "drops"))
            {
                if (!there.Remove(gone))
                {
                    return $"step {index} drops '{gone}', which is not there";
                }

                Note(gone, index, "drop");
            }

            index++;
        }

        foreach (var stays in buffers)
        {
            var all = touches.GetValueOrDefault(stays.Key, []);
            var outside = all.Count(t => !stays.Any(b => b.First <= t.Step && t.Step <= b.Last));
            foreach (var (from, to) in stays)
            {
                var own = all.Where(t => from <= t.Step && t.Step <= to).ToList();
                if (outside > 0 || own.Count == 0 || own.First(t => t.How != "read").Step != from || own[0].Step != from || own[^1].Step != to
                    || !own.Contains((to, "drop")))
                {
                    return $"'{stays.Key}' lives from {from} to {to}, but is touched: {string.Join(", ", all)}";
                }
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
