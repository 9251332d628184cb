using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Finds for each value how and at which bind point it gets its address. Part of <see cref="ModelPreparer"/>.</summary>
internal sealed class AddressAssigner(
    ExecutableModel model, MentionTable mentions, int[] slotPoint, int[] carriedOf, List<CarriedInfo> carried, ValueRole[] roles)
{
    /// <summary>Decides for each value how it gets its address.</summary>
    public void AssignRoles(List<PreparedLoop> loops)
    {
        for (int v = 0; v < roles.Length; v++)
        {
            roles[v] = model.Values[v].Storage switch
            {
                StorageKind.Input => ValueRole.Input,
                StorageKind.Output => ValueRole.Output,
                StorageKind.Constant => ValueRole.Constant,
                _ when !mentions.IsMentioned(v) => ValueRole.Unused,
                StorageKind.Alias => ValueRole.Alias,
                _ => carriedOf[v] >= 0 ? ValueRole.CarriedIn : ValueRole.Planned,
            };
        }

        foreach (var loop in loops)
        {
            for (int i = 0; i < loop.Loop.Carried.Length; i++)
            {
                int number = loop.FirstCarried + i;
                var info = carried[number];
                info.IsPlanned = DimsPoint(info.BodyIn) < info.BodyPoint;

                // A temporary of this very body whose size is known when an iteration starts needs no copy.
                int left = loop.Loop.Carried[i].BodyOut;
                if (roles[left] == ValueRole.Planned && mentions.OwnerOf(left) == loop.Loop.Body && DimsPoint(left) <= info.BodyPoint)
                {
                    roles[left] = ValueRole.CarriedOut;
                    carriedOf[left] = number;
                    info.IsDirect = true;
                }
            }
        }
    }

    /// <summary>Hands values and planned items to the bind points where their sizes and addresses are known.</summary>
    public void AssignPoints(List<PreparedPoint> points, IEnumerable<PreparedLaunch> launches)
    {
        var values = new List<int>[points.Count];
        var items = new List<PlannedItem>[points.Count];
        for (int p = 0; p < points.Count; p++)
        {
            (values[p], items[p]) = ([], []);
        }

        for (int v = 0; v < roles.Length; v++)
        {
            if (roles[v] == ValueRole.Unused)
            {
                continue;
            }

            values[PointOf(v)].Add(v);
            if (roles[v] == ValueRole.Planned)
            {
                items[PointOf(v)].Add(new PlannedItem(v));
            }
        }

        for (int c = 0; c < carried.Count; c++)
        {
            var info = carried[c];
            if (info.IsPlanned && !info.PassesThrough)
            {
                int point = DimsPoint(info.BodyIn);
                items[point].Add(new PlannedItem(info.BodyIn, c, 0));
                items[point].Add(new PlannedItem(info.BodyIn, c, 1));
            }
        }

        foreach (var launch in launches)
        {
            if (Array.Exists(launch.Variants, v => v.ScratchSlot >= 0))
            {
                items[ShapePoint(launch)].Add(new PlannedItem(-1, Step: launch.Index));
            }
        }

        for (int p = 0; p < points.Count; p++)
        {
            // Stable: an alias comes after its base, otherwise by number.
            points[p].Values = [.. values[p].OrderBy(AliasDepth).ThenBy(v => v)];
            points[p].Volatile = [.. points[p].Values.Where(v => roles[mentions.RootOf(v)] is ValueRole.Input or ValueRole.Output)];
            points[p].Items = [.. items[p]];
        }
    }

    /// <summary>The bind point at which it is known how a launch is cut in pieces.</summary>
    private int ShapePoint(PreparedLaunch launch)
    {
        int point = 0;
        foreach (var v in launch.Variants)
        {
            foreach (int slot in (ReadOnlySpan<int>)[v.PredicateSlot, v.ExtentSlot, v.GrainSlot, v.ScratchSlot])
            {
                point = slot < 0 ? point : Math.Max(point, slotPoint[slot]);
            }
        }

        return point;
    }

    private int AliasDepth(int value)
    {
        int depth = 0;
        while (model.Values[value].Storage == StorageKind.Alias)
        {
            value = model.Values[value].Index;
            depth++;
        }

        return depth;
    }

    /// <summary>The bind point at which the dims of a value are all known.</summary>
    private int DimsPoint(int value)
    {
        int point = 0;
        foreach (int slot in model.Values[value].Dims)
        {
            point = Math.Max(point, slotPoint[slot]);
        }

        return point;
    }

    /// <summary>The bind point at which size and address of a value are known.</summary>
    public int PointOf(int value)
    {
        int point = 0;
        while (true)
        {
            var info = model.Values[value];
            point = Math.Max(point, DimsPoint(value));
            if (carriedOf[value] >= 0)
            {
                point = Math.Max(point, carried[carriedOf[value]].BodyPoint);
            }

            if (info.Storage != StorageKind.Alias)
            {
                return point;
            }

            if (info.ByteOffsetSlot != -1)
            {
                point = Math.Max(point, slotPoint[info.ByteOffsetSlot]);
            }

            value = info.Index;
        }
    }
}
