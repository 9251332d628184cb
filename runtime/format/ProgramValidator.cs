using static Dlc.Runtime.Format.ModelValidator;

namespace Dlc.Runtime.Format;

/// <summary>
/// Walks the programs in the order of execution and checks that slots are defined once, before their use, in a program that encloses
/// it, and that steps mention values whose dims are known by then.
/// </summary>
/// <param name="model">What to check.</param>
/// <param name="codeLength">Bytes of its code.</param>
/// <param name="order">In which order the steps of the main program run; null for as they stand.</param>
internal sealed class ProgramValidator(ExecutableModel model, long codeLength, int[]? order = null)
{
    private readonly ValueMentions _values = new(model);

    private SlotScopes Slots => _values.Slots;

    public void Run()
    {
        foreach (var input in model.Inputs)
        {
            foreach (var axis in input.Axes)
            {
                if (axis.Kind == InputAxisKind.Bind)
                {
                    Slots.Define(axis.Slot, 0, $"input '{input.Name}'");
                }
            }
        }

        CheckPoint(model.Entry, 0, "the entry");
        foreach (var input in model.Inputs)
        {
            _values.Mention(input.Value, $"input '{input.Name}'");
        }

        for (int v = 0; v < model.Values.Length; v++)
        {
            if (model.Values[v].Storage == StorageKind.Constant)
            {
                _values.Mention(v, "the constant table");
            }
        }

        CheckSteps(0, 0);
        Slots.CheckAllRun();
        foreach (var output in model.Outputs)
        {
            _values.Mention(output.Value, $"output '{output.Name}'");
        }
    }

    private void CheckSteps(int program, int depth)
    {
        if (depth > ModelValidator.MaxNesting)
        {
            throw ModelValidator.Invalid("programs are nested too deeply", $"at most {ModelValidator.MaxNesting}", "more");
        }

        var steps = model.Programs[program].Steps;
        for (int n = 0; n < steps.Length; n++)
        {
            int i = program == 0 && order is not null ? order[n] : n;
            string place = $"step {i} of program {program}";
            switch (steps[i])
            {
                case LaunchStep launch:
                    CheckLaunch(launch, place);
                    break;
                case CopyStep copy:
                    _values.Mention(copy.Source, place);
                    _values.Mention(copy.Destination, place);
                    break;
                case BindSlotStep bind:
                    _values.Mention(bind.Value, place);
                    Demand(IsInteger(model.Values[bind.Value].Type), $"{place} binds a slot from a value that holds no integer");
                    Slots.Define(bind.Slot, program, place);
                    CheckPoint(bind.Then, program, place);
                    break;
                case IfStep branch:
                    CheckIf(branch, program, depth, place);
                    break;
                case LoopStep loop:
                    CheckLoop(loop, program, depth, place);
                    break;
                default:
                    throw ModelValidator.Invalid($"{place} is of an unknown kind");
            }
        }
    }

    private void CheckLaunch(LaunchStep launch, string place)
    {
        foreach (int value in launch.Buffers)
        {
            _values.Mention(value, place);
        }

        CheckWrites(launch, place);
        foreach (int slot in launch.Dims)
        {
            Slots.Use(slot, place);
        }

        Slots.UseOptional(launch.FlopsSlot, place);
        Slots.UseOptional(launch.TrafficSlot, place);

        Demand(launch.Variants.Length > 0, $"{place} has no kernel");
        Demand(launch.Variants[^1].PredicateSlot == -1, $"the last variant of {place} must have no predicate");
        foreach (var variant in launch.Variants)
        {
            Demand(variant.CodeOffset >= 0 && variant.CodeOffset < codeLength, $"the kernel of {place} lies outside of the code");
            Slots.UseOptional(variant.PredicateSlot, place);
            Slots.UseOptional(variant.ExtentSlot, place);
            Slots.UseOptional(variant.GrainSlot, place);
            Slots.UseOptional(variant.ScratchSlot, place);
            Demand((variant.Gpu is not null) == (model.Target.Architecture == TargetInfo.Cuda), $"the kernel of {place} is not for the target's kind of machine");
            foreach (int slot in variant.Dims ?? [])
            {
                Slots.Use(slot, place);
            }

            if (variant.Gpu is { } gpu)
            {
                Demand(
                    gpu.BlockThreads is > 0 and <= GpuLaunch.MostBlockThreads && gpu.ItemsPerBlock > 0 && gpu.MaximumBlocks > 0 && gpu.SharedBytes >= 0,
                    $"the kernel of {place} has no shape that a GPU takes");
            }
        }
    }

    private void CheckWrites(LaunchStep launch, string place)
    {
        int last = -1;
        foreach (int position in launch.Writes)
        {
            Demand(position > last && position < launch.Buffers.Length, $"{place} has no ascending list of what it writes");
            last = position;
            _values.DemandWritable(launch.Buffers[position], place);
        }

        foreach (var pair in launch.InPlace)
        {
            Demand(
                (uint)pair.Input < (uint)launch.Buffers.Length && launch.Writes.Contains(pair.Output) && !launch.Writes.Contains(pair.Input),
                $"{place} has a pair in place that is no pair of a value it reads and one it writes");
        }
    }

    private void CheckIf(IfStep branch, int program, int depth, string place)
    {
        _values.MentionTyped(branch.Condition, ScalarType.Bool, place);
        Slots.Enter(branch.ThenProgram, program, place);
        CheckSteps(branch.ThenProgram, depth + 1);
        foreach (var result in branch.Results)
        {
            _values.Mention(result.ThenValue, place);
        }

        Slots.Leave(branch.ThenProgram);
        Slots.Enter(branch.ElseProgram, program, place);
        CheckSteps(branch.ElseProgram, depth + 1);
        foreach (var result in branch.Results)
        {
            _values.Mention(result.ElseValue, place);
        }

        Slots.Leave(branch.ElseProgram);
        foreach (var result in branch.Results)
        {
            _values.CheckId(result.Output, place);
            _values.SameKind(result.ThenValue, result.Output, 0, place);
            _values.SameKind(result.ElseValue, result.Output, 0, place);
            DefineAxes(result.OutputSlots, result.Output, program, place);
        }

        CheckPoint(branch.Exit, program, place);
        foreach (var result in branch.Results)
        {
            _values.MentionWritten(result.Output, place);
        }
    }

    private void CheckLoop(LoopStep loop, int program, int depth, string place)
    {
        if (loop.TripCountValue != -1)
        {
            _values.MentionTyped(loop.TripCountValue, ScalarType.I64, place);
            Demand(loop.TripCountSlot == -1, $"{place} has two trip counts");
        }

        Slots.UseOptional(loop.TripCountSlot, place);
        if (loop.Condition != -1)
        {
            _values.MentionTyped(loop.Condition, ScalarType.Bool, place);
        }

        foreach (var carried in loop.Carried)
        {
            _values.Mention(carried.Initial, place);
        }

        Slots.Enter(loop.Body, program, place);
        if (loop.IterationSlot != -1)
        {
            Slots.Define(loop.IterationSlot, loop.Body, place);
        }

        foreach (var carried in loop.Carried)
        {
            _values.OwnByLoop(carried.BodyIn, loop.Body, place);
            _values.SameKind(carried.Initial, carried.BodyIn, 0, place);
            DefineAxes(carried.BodyInSlots, carried.BodyIn, loop.Body, place);
        }

        CheckPoint(loop.BodyEntry, loop.Body, place);
        foreach (var carried in loop.Carried)
        {
            _values.Mention(carried.BodyIn, place);
        }

        if (loop.BodyIteration != -1)
        {
            _values.OwnByLoop(loop.BodyIteration, loop.Body, place);
            _values.MentionTyped(loop.BodyIteration, ScalarType.I64, place);
        }

        if (loop.BodyConditionIn != -1)
        {
            _values.OwnByLoop(loop.BodyConditionIn, loop.Body, place);
            _values.MentionTyped(loop.BodyConditionIn, ScalarType.Bool, place);
        }

        CheckSteps(loop.Body, depth + 1);
        if (loop.BodyConditionOut != -1)
        {
            _values.MentionTyped(loop.BodyConditionOut, ScalarType.Bool, place);
        }

        foreach (var carried in loop.Carried)
        {
            _values.Mention(carried.BodyOut, place);
            _values.SameKind(carried.BodyOut, carried.BodyIn, 0, place);
        }

        foreach (var scan in loop.ScanOutputs)
        {
            _values.Mention(scan.BodyOut, place);
        }

        Slots.Leave(loop.Body);
        CheckLoopResults(loop, program, place);
    }

    private void CheckLoopResults(LoopStep loop, int program, string place)
    {
        if (loop.ExecutedSlot != -1)
        {
            Slots.Define(loop.ExecutedSlot, program, place);
        }

        foreach (var carried in loop.Carried)
        {
            if (carried.Final != -1)
            {
                _values.CheckId(carried.Final, place);
                _values.SameKind(carried.BodyIn, carried.Final, 0, place);
                DefineAxes(carried.FinalSlots, carried.Final, program, place);
            }
        }

        foreach (var scan in loop.ScanOutputs)
        {
            _values.CheckId(scan.Final, place);
            _values.SameKind(scan.BodyOut, scan.Final, 1, place);
            DefineAxes(scan.FinalSlots, scan.Final, program, place);
        }

        CheckPoint(loop.Exit, program, place);
        foreach (var carried in loop.Carried)
        {
            if (carried.Final != -1)
            {
                _values.MentionWritten(carried.Final, place);
            }
        }

        foreach (var scan in loop.ScanOutputs)
        {
            _values.MentionWritten(scan.Final, place);
        }
    }

    private void CheckPoint(BindPoint point, int program, string place)
    {
        foreach (var i in point.Instructions)
        {
            Demand(i.Op <= ShapeOp.Move, $"an instruction at {place} has an unknown operator");
            if (i.Op != ShapeOp.Const)
            {
                Slots.Use(i.A, place);
                if (i.Op != ShapeOp.Move)
                {
                    Slots.Use(i.B, place);
                }

                if (i.Op == ShapeOp.Select)
                {
                    Slots.Use(i.C, place);
                }
            }

            Slots.Define(i.Target, program, place);
        }

        foreach (var guard in point.Guards)
        {
            Demand(guard.Relation <= GuardRelation.NotEqual, $"a guard at {place} has an unknown relation");
            Slots.Use(guard.A, place);
            Slots.Use(guard.B, place);
        }
    }

    private void DefineAxes(int[] slots, int value, int program, string place)
    {
        int[] dims = model.Values[value].Dims;
        Demand(slots.Length == dims.Length, $"{place} has not one slot for each axis of value {value}");
        for (int a = 0; a < slots.Length; a++)
        {
            if (slots[a] != -1)
            {
                Demand(slots[a] == dims[a], $"{place} defines another slot than axis {a} of value {value} has");
                Slots.Define(slots[a], program, place);
            }
        }
    }

    private static bool IsInteger(ScalarType type) =>
        type is >= ScalarType.I8 and <= ScalarType.Bool;
}
