using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Memory;

/// <summary>
/// Plans the memory of a run from its input dims alone: runs the entry of the shape program, checks its guards, and gives every value whose size is known
/// then its offset in the arena. Each order of the steps is planned; the one with the smallest arena wins, the first where several need as little.
/// </summary>
internal static unsafe class SignaturePlanner
{
    /// <summary>Makes a plan.</summary>
    /// <param name="model">The model.</param>
    /// <param name="key">Dims of all inputs, one after the other.</param>
    /// <param name="options">What else it depends on.</param>
    /// <param name="reserve">Bytes of the limit to leave for sizes that data decides.</param>
    /// <exception cref="DlcRuntimeException">WrongDim, BrokenGuard, NegativeDim, DimOverflow, OutOfMemory, MemoryLimit.</exception>
    public static SignaturePlan Make(PreparedModel model, ReadOnlySpan<long> key, PlanOptions options, long reserve = 0)
    {
        var point = model.Points[0];
        var slots = new long[model.Model.SlotNames.Length];
        var bytes = new long[model.Model.Values.Length];
        var sizes = new long[point.Items.Length];
        fixed (long* s = slots)
        {
            InputDims.Bind(model.Model, key, s);
            ShapeMachine.Run(point, s, model.Model.SlotNames);
            InputDims.Check(model.Model, key, s);
            foreach (int v in point.Values)
            {
                bytes[v] = ValueSizes.Of(model.Model, v, s);
            }

            for (int i = 0; i < sizes.Length; i++)
            {
                sizes[i] = ValueSizes.Of(model, point.Items[i], s, options.Threads);
            }
        }

        ArenaPlan best;
        int number = 0;
        try
        {
            long budget = ArenaPlanner.DefaultBudget / model.Orders.Length;
            best = PlanOrder(model.Orders[0], sizes, bytes, options, budget, long.MaxValue)!;
            for (int o = 1; o < model.Orders.Length; o++)
            {
                if (PlanOrder(model.Orders[o], sizes, bytes, options, budget, best.Bytes) is { } other)
                {
                    (best, number) = (other, o);
                }
            }
        }
        catch (OverflowException)
        {
            throw ValueSizes.TooLarge();
        }

        // Before anything is looked up, as measuring may end at any time.
        bool isCalibrated = options.Calibration?.IsComplete == true;
        LimitedPlan? limited = null;
        long outside = OutsideBytes(model.Model, bytes);
        if (options.MemoryLimit < long.MaxValue)
        {
            if (best.Bytes > options.MemoryLimit - outside - reserve)
            {
                limited = Limit(model, model.Orders[number], sizes, slots, bytes, options, outside, reserve);
            }
        }

        return new SignaturePlan
        {
            Limited = limited,
            OutsideBytes = outside,
            Reserve = reserve,
            Occupied = limited?.Occupied() ?? best.Buffers,
            IsCalibrated = isCalibrated,
            Key = key.ToArray(),
            Hash = PlanCache.HashOf(key),
            Slots = slots,
            Bytes = bytes,
            Sizes = sizes,
            OrderNumber = number,
            Order = model.Orders[number],
            Arena = best,
        };
    }

    /// <summary>Bytes of all that is in memory besides the arena: weights, inputs and outputs.</summary>
    public static long OutsideBytes(ExecutableModel model, long[] bytes) =>
        model.WeightBytes + model.Inputs.Sum(i => bytes[i.Value]) + model.Outputs.Where(o => o.UpdatesInput == -1).Sum(o => bytes[o.Value]);

    private static LimitedPlan Limit(
        PreparedModel model, PreparedOrder order, long[] sizes, long[] slots, long[] bytes, PlanOptions options, long outside, long reserve)
    {
        var ladder = LimitedPlan.LadderOf(model, order, sizes, slots, bytes, options);
        return LimitedPlan.Choose(model, order, ladder, options.MemoryLimit - outside - reserve) ?? throw new DlcRuntimeException(
            RuntimeErrors.MemoryLimit,
            "the memory limit is too low for these dims",
            $"at least {ladder.LeastBytes + outside + reserve} bytes (weights, inputs and outputs {outside}, arena {ladder.LeastBytes}"
                + (reserve > 0 ? $", sizes that data decides {reserve})" : ")"),
            $"{options.MemoryLimit}");
    }

    /// <summary>The plan of an order; null if it needs at least <paramref name="limit"/> bytes.</summary>
    private static ArenaPlan? PlanOrder(PreparedOrder order, long[] sizes, long[] bytes, PlanOptions options, long budget, long limit)
    {
        var groups = new ItemGroups(order.Lifetimes[0], options.InPlace ? order.Pairs[0] : [], sizes, bytes);
        var problem = groups.Problem(sizes, [], 0);
        long bound = problem.LowerBound();
        if (bound >= limit)
        {
            return null;
        }

        var offsets = new long[problem.Count];
        long peak = ArenaPlanner.Plan(problem, offsets, budget);
        return peak >= limit ? null : new ArenaPlan(groups, problem, offsets, peak, bound);
    }
}
