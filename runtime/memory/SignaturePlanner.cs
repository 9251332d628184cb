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
    /// <param name="learned">Sizes that data decided in an earlier run, to have room for; null where none were in the way.</param>
    /// <exception cref="DlcRuntimeException">WrongDim, BrokenGuard, NegativeDim, DimOverflow, OutOfMemory, MemoryLimit.</exception>
    public static SignaturePlan Make(PreparedModel model, ReadOnlySpan<long> key, PlanOptions options, KnownSizes? learned = null)
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
        long outside = OutsideBytes(model.Model, bytes);
        try
        {
            long budget = ArenaPlanner.DefaultBudget / model.Orders.Length;
            long room = options.MemoryLimit < long.MaxValue && model.Orders.Length == 1 ? options.MemoryLimit - outside : long.MaxValue;
            best = PlanOrder(model.Orders[0], sizes, bytes, options, budget, long.MaxValue, room)!;
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
        KnownSizes? expected = null;
        if (options.MemoryLimit < long.MaxValue)
        {
            var order = model.Orders[number];
            var known = KnownSizes.OfEntry(model, sizes, slots, bytes);
            limited = learned is null ? null : Foresee(model, order, known.With(learned), options, outside);
            expected = limited is null ? null : learned;
            if (limited is null && best.Bytes > options.MemoryLimit - outside)
            {
                limited = Limit(model, order, known, options, outside);
            }
        }

        return new SignaturePlan
        {
            Limited = limited,
            Expected = expected,
            Refused = expected is null ? learned : null,
            OutsideBytes = outside,
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

    private static LimitedPlan Limit(PreparedModel model, PreparedOrder order, KnownSizes known, PlanOptions options, long outside)
    {
        var problem = LimitedProblem.Of(model, order, known, options);
        var ladder = problem.Ladder();
        return LimitedPlan.Choose(problem, ladder, options.MemoryLimit - outside) ?? throw new DlcRuntimeException(
            RuntimeErrors.MemoryLimit,
            "the memory limit is too low for these dims",
            $"at least {ladder.LeastBytes + outside} bytes (weights, inputs and outputs {outside}, arena {ladder.LeastBytes})",
            $"{options.MemoryLimit}");
    }

    /// <summary>The plan with room for what data decided before; null where that does not fit: this time it may be less.</summary>
    private static LimitedPlan? Foresee(PreparedModel model, PreparedOrder order, KnownSizes known, PlanOptions options, long outside)
    {
        foreach (var output in model.Model.Outputs.Where(o => o.UpdatesInput == -1 && !model.Points[0].Values.Contains(o.Value)))
        {
            outside = checked(outside + known.Bytes[output.Value]);
        }

        var problem = LimitedProblem.Of(model, order, known, options);
        return LimitedPlan.Choose(problem, problem.Ladder(), options.MemoryLimit - outside);
    }

    /// <summary>The plan of an order; null if it needs at least <paramref name="limit"/> bytes. Where it cannot be within the room, any places do.</summary>
    private static ArenaPlan? PlanOrder(
        PreparedOrder order, long[] sizes, long[] bytes, PlanOptions options, long budget, long limit, long room = long.MaxValue)
    {
        var groups = new ItemGroups(order.Lifetimes[0], options.InPlace ? order.Pairs[0] : [], sizes, bytes);
        var problem = groups.Problem(sizes, [], 0);
        long bound = problem.LowerBound();
        if (bound >= limit)
        {
            return null;
        }

        var offsets = new long[problem.Count];
        long peak = ArenaPlanner.Plan(problem, offsets, budget, bound > room ? long.MaxValue : 0);
        return peak >= limit ? null : new ArenaPlan(groups, problem, offsets, peak, bound);
    }
}
