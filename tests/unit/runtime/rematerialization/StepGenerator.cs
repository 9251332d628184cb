using Dlc.Runtime.Rematerialization;

namespace Dlc.Tests.Unit.Runtime.Rematerialization;

/// <summary>Draws programs: any, or shaped like a training step.</summary>
internal static class StepGenerator
{
    /// <summary>Random steps with multiple outputs, in-place pairs, state that is overwritten, and steps that may not run twice.</summary>
    public static (StepTopology Topology, StepNumbers Numbers) Random(Random random, int steps)
    {
        var reads = new List<int[]>();
        var writes = new List<int[]>();
        var inPlace = new List<(int, int)[]>();
        var repeatable = new List<bool>();
        var resident = Enumerable.Repeat(true, 1 + random.Next(4)).ToList();
        for (var k = 0; k < steps; k++)
        {
            var count = resident.Count;
            var read = Enumerable.Range(0, 1 + random.Next(3))
                .Select(_ => random.Next(3) == 0 ? random.Next(count) : Math.Max(0, count - 1 - random.Next(6))).Distinct().ToArray();
            var write = new List<int>();
            if (random.Next(12) == 0)
            {
                // Updates a state.
                write.Add(random.Next(count) is var s && resident[s] ? s : 0);
            }

            if (random.Next(12) == 0 && count > 5 && !resident[count - 1])
            {
                // Writes another part of the last value.
                write.Add(count - 1);
                read = [.. read.Where(v => v != count - 1)];
            }
            else
            {
                for (var o = random.Next(5) == 0 ? 2 : 1; o > 0; o--)
                {
                    write.Add(resident.Count);
                    resident.Add(random.Next(20) == 0);
                }
            }

            reads.Add(read);
            writes.Add([.. write.Distinct()]);
            inPlace.Add(read.Length > 0 && !resident[read[0]] && random.Next(2) == 0 && write[^1] != read[0] ? [(write[^1], read[0])] : []);
            repeatable.Add(random.Next(10) != 0);
        }

        var kept = resident.Select(_ => random.Next(15) == 0).ToArray();
        var topology = new StepTopology(
            [.. reads], [.. writes], [.. inPlace], [.. repeatable], [.. resident], kept, [.. resident.Select(_ => true)]);
        return (topology, new StepNumbers
        {
            Bytes = [.. resident.Select(r => r ? 0L : 64L * random.Next(0, 40))],
            Seconds = [.. reads.Select(_ => random.NextDouble() * 1e-5)],
            TransferRate = random.Next(2) == 0 ? 1e8 : 1e10,
        });
    }

    /// <summary>
    /// Layers of a dear and two cheap steps, then the same backwards: value 3l+1 is the product, 3l+2 and 3l+3 cheap functions of it; the gradient of
    /// a layer reads all three.
    /// </summary>
    public static (StepTopology Topology, StepNumbers Numbers) Training(int layers, long bytes = 1 << 20)
    {
        var reads = new List<int[]>();
        var writes = new List<int[]>();
        var seconds = new List<double>();
        void Step(int[] read, int write, double cost)
        {
            reads.Add(read);
            writes.Add([write]);
            seconds.Add(cost);
        }

        var value = 1;
        for (var l = 0; l < layers; l++)
        {
            Step([value - 1], value, 1e-3);
            Step([value], value + 1, 1e-5);
            Step([value + 1], value + 2, 1e-5);
            value += 3;
        }

        for (var l = layers - 1; l >= 0; l--)
        {
            Step([value - 1, (3 * l) + 1, (3 * l) + 2, (3 * l) + 3, 3 * l], value, 2e-3);
            value++;
        }

        var resident = new bool[value];
        resident[0] = true;
        var kept = new bool[value];
        kept[^1] = true;
        var topology = new StepTopology(
            [.. reads], [.. writes], [.. reads.Select(_ => Array.Empty<(int, int)>())], [.. reads.Select(_ => true)], resident, kept,
            [.. resident.Select(_ => true)]);
        return (topology, new StepNumbers
        {
            Bytes = [.. resident.Select(r => r ? 0L : bytes)],
            Seconds = [.. seconds],
            TransferRate = 2e9,
        });
    }
}
