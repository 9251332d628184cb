namespace Dlc.Passes.Scheduling;

/// <summary>
/// List scheduling by memory impact: of the ready steps the one runs that adds the fewest live bytes, counting what its last reads free. Of equal ones
/// the one that reads what was made last, which keeps lifetimes short; then the one that comes first in the given order.
/// </summary>
internal static class ListScheduler
{
    public static int[] Run(SizedProblem problem, ReadOnlySpan<int> preference)
    {
        var shape = problem.Shape;
        var walk = new LiveWalk(problem);
        var position = new int[problem.Count];
        for (var i = 0; i < position.Length; i++)
        {
            position[preference[i]] = i;
        }

        var waits = shape.Before.Select(b => b.Length).ToArray();
        var freshness = new int[problem.Count];
        var keys = new (long Net, int Age, int Position)[problem.Count];
        var isReady = new bool[problem.Count];
        var heap = new PriorityQueue<int, (long, int, int)>();
        foreach (var step in preference)
        {
            if (waits[step] == 0)
            {
                Add(step);
            }
        }

        var order = new List<int>(problem.Count);
        while (heap.TryDequeue(out var step, out var key))
        {
            if (!isReady[step] || key != keys[step])
            {
                continue;
            }

            isReady[step] = false;
            int[] openers = [.. walk.OtherOpeners(step)];
            walk.Run(step);
            order.Add(step);
            foreach (var next in shape.After[step])
            {
                freshness[next] = order.Count;
                if (--waits[next] == 0)
                {
                    Add(next);
                }
            }

            foreach (var touch in shape.Touches[step])
            {
                if (walk.LastCloser(touch.Buffer) is >= 0 and var last && isReady[last])
                {
                    Add(last);
                }
            }

            foreach (var other in openers)
            {
                if (isReady[other])
                {
                    Add(other);
                }
            }
        }

        return [.. order];

        void Add(int step)
        {
            isReady[step] = true;
            keys[step] = (walk.Measure(step).Net, -freshness[step], position[step]);
            heap.Enqueue(step, keys[step]);
        }
    }
}
