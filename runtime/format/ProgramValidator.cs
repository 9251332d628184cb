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
    private readonly SlotScopes _slots = new(model);

    // The loop body that a value belongs to because its LoopStep fills it; SlotScopes.Undefined for others.
    private readonly int[] _loopOf = SlotScopes.Filled(model.Values.Length);

    public void Run()
    {
        foreach (var input in model.Inputs)
        {
            foreach (var axis in input.Axes)
            {
                if (axis.Kind == InputAxisKind.Bind)
                {
                    _slots.Define(axis.Slot, 0, $"input '{input.Name}'");
                }
            }
        }

        CheckPoint(model.Entry, 0, "the entry");
        foreach (var input in model.Inputs)
        {
            Mention(input.Value, $"input '{input.Name}'");
        }

        for (int v = 0; v < model.Values.Length; v++)
        {
            if (model.Values[v].Storage == StorageKind.Constant)
            {
                Mention(v, "the constant table");
            }
        }

        CheckSteps(0, 0);
        _slots.CheckAllRun();
        foreach (var output in model.Outputs)
        {
            Mention(output.Value, $"output '{output.Name}'");
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
                    Mention(copy.Source, place);
                    Mention(copy.Destination, place);
                    break;
                case BindSlotStep bind:
                    Mention(bind.Value, place);
                    Demand(IsInteger(model.Values[bind.Value].Type), $"{place} binds a slot from a value that holds no integer");
                    _slots.Define(bind.Slot, program, place);
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
            Mention(value, place);
        }

        CheckWrites(launch, place);
        foreach (int slot in launch.Dims)
        {
            _slots.Use(slot, place);
        }

        _slots.UseOptional(launch.FlopsSlot, place);
        _slots.UseOptional(launch.TrafficSlot, place);

        Demand(launch.Variants.Length > 0, $"{place} has no kernel");
        Demand(launch.Variants[^1].PredicateSlot == -1, $"the last variant of {place} must have no predicate");
        foreach (var variant in launch.Variants)
        {
            Demand(variant.CodeOffset >= 0 && variant.CodeOffset < codeLength, $"the kernel of {place} lies outside of the code");
            _slots.UseOptional(variant.PredicateSlot, place);
            _slots.UseOptional(variant.ExtentSlot, place);
            _slots.UseOptional(variant.GrainSlot, place);
            _slots.UseOptional(variant.ScratchSlot, place);
            Demand((variant.Gpu is not null) == (model.Target.Architecture == TargetInfo.Cuda), $"the kernel of {place} is not for the target's kind of machine");
            foreach (int slot in variant.Dims ?? [])
            {
                _slots.Use(slot, place);
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
            DemandWritable(launch.Buffers[position], place);
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
        MentionTyped(branch.Condition, ScalarType.Bool, place);
        _slots.Enter(branch.ThenProgram, program, place);
        CheckSteps(branch.ThenProgram, depth + 1);
        foreach (var result in branch.Results)
        {
            Mention(result.ThenValue, place);
        }

        _slots.Leave(branch.ThenProgram);
        _slots.Enter(branch.ElseProgram, program, place);
        CheckSteps(branch.ElseProgram, depth + 1);
        foreach (var result in branch.Results)
        {
            Mention(result.ElseValue, place);
        }

        _slots.Leave(branch.ElseProgram);
        foreach (var result in branch.Results)
        {
            CheckValueId(result.Output, place);
            SameKind(result.ThenValue, result.Output, 0, place);
            SameKind(result.ElseValue, result.Output, 0, place);
            DefineAxes(result.OutputSlots, result.Output, program, place);
        }

        CheckPoint(branch.Exit, program, place);
        foreach (var result in branch.Results)
        {
            MentionWritten(result.Output, place);
        }
    }

    private void CheckLoop(LoopStep loop, int program, int depth, string place)
    {
        if (loop.TripCountValue != -1)
        {
            MentionTyped(loop.TripCountValue, ScalarType.I64, place);
            Demand(loop.TripCountSlot == -1, $"{place} has two trip counts");
        }

        _slots.UseOptional(loop.TripCountSlot, place);
        if (loop.Condition != -1)
        {
            MentionTyped(loop.Condition, ScalarType.Bool, place);
        }

        foreach (var carried in loop.Carried)
        {
            Mention(carried.Initial, place);
        }

        _slots.Enter(loop.Body, program, place);
        if (loop.IterationSlot != -1)
        {
            _slots.Define(loop.IterationSlot, loop.Body, place);
        }

        foreach (var carried in loop.Carried)
        {
            OwnByLoop(carried.BodyIn, loop.Body, place);
            SameKind(carried.Initial, carried.BodyIn, 0, place);
            DefineAxes(carried.BodyInSlots, carried.BodyIn, loop.Body, place);
        }

        CheckPoint(loop.BodyEntry, loop.Body, place);
        foreach (var carried in loop.Carried)
        {
            Mention(carried.BodyIn, place);
        }

        if (loop.BodyIteration != -1)
        {
            OwnByLoop(loop.BodyIteration, loop.Body, place);
            MentionTyped(loop.BodyIteration, ScalarType.I64, place);
        }

        if (loop.BodyConditionIn != -1)
        {
            OwnByLoop(loop.BodyConditionIn, loop.Body, place);
            MentionTyped(loop.BodyConditionIn, ScalarType.Bool, place);
        }

        CheckSteps(loop.Body, depth + 1);
        if (loop.BodyConditionOut != -1)
        {
            MentionTyped(loop.BodyConditionOut, ScalarType.Bool, place);
        }

        foreach (var carried in loop.Carried)
        {
            Mention(carried.BodyOut, place);
            SameKind(carried.BodyOut, carried.BodyIn, 0, place);
        }

        foreach (var scan in loop.ScanOutputs)
        {
            Mention(scan.BodyOut, place);
        }

        _slots.Leave(loop.Body);
        CheckLoopResults(loop, program, place);
    }

    private void CheckLoopResults(LoopStep loop, int program, string place)
    {
        if (loop.ExecutedSlot != -1)
        {
            _slots.Define(loop.ExecutedSlot, program, place);
        }

        foreach (var carried in loop.Carried)
        {
            if (carried.Final != -1)
            {
                CheckValueId(carried.Final, place);
                SameKind(carried.BodyIn, carried.Final, 0, place);
                DefineAxes(carried.FinalSlots, carried.Final, program, place);
            }
        }

        foreach (var scan in loop.ScanOutputs)
        {
            CheckValueId(scan.Final, place);
            SameKind(scan.BodyOut, scan.Final, 1, place);
            DefineAxes(scan.FinalSlots, scan.Final, program, place);
        }

        CheckPoint(loop.Exit, program, place);
        foreach (var carried in loop.Carried)
        {
            if (carried.Final != -1)
            {
                MentionWritten(carried.Final, place);
            }
        }

        foreach (var scan in loop.ScanOutputs)
        {
            MentionWritten(scan.Final, place);
        }
    }

    private void CheckPoint(BindPoint point, int program, string place)
    {
        foreach (var i in point.Instructions)
        {
            Demand(i.Op <= ShapeOp.Move, $"an instruction at {place} has an unknown operator");
            if (i.Op != ShapeOp.Const)
            {
                _slots.Use(i.A, place);
                if (i.Op != ShapeOp.Move)
                {
                    _slots.Use(i.B, place);
                }

                if (i.Op == ShapeOp.Select)
                {
                    _slots.Use(i.C, place);
                }
            }

            _slots.Define(i.Target, program, place);
        }

        foreach (var guard in point.Guards)
        {
            Demand(guard.Relation <= GuardRelation.NotEqual, $"a guard at {place} has an unknown relation");
            _slots.Use(guard.A, place);
            _slots.Use(guard.B, place);
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
                _slots.Define(slots[a], program, place);
            }
        }
    }

    private void Mention(int value, string place)
    {
        CheckValueId(value, place);
        while (true)
        {
            var info = model.Values[value];
            foreach (int slot in info.Dims)
            {
                _slots.Use(slot, place);
            }

            Demand(_loopOf[value] == SlotScopes.Undefined || _slots.IsOpen(_loopOf[value]), $"{place} mentions value {value} outside of its loop");
            if (info.Storage != StorageKind.Alias)
            {
                return;
            }

            _slots.UseOptional(info.ByteOffsetSlot, place);
            value = info.Index;
        }
    }

    private void MentionTyped(int value, ScalarType type, string place)
    {
        Mention(value, place);
        Demand(model.Values[value].Type == type, $"{place} needs value {value} to be {type.Name()}");
    }

    private void MentionWritten(int value, string place)
    {
        Mention(value, place);
        DemandWritable(value, place);
    }

    private void DemandWritable(int value, string place)
    {
        int root = value;
        while (model.Values[root].Storage == StorageKind.Alias)
        {
            root = model.Values[root].Index;
        }

        var info = model.Values[root];
        bool isWritable = info.Storage switch
        {
            StorageKind.Constant => false,
            StorageKind.Input => Array.Exists(model.Outputs, o => o.UpdatesInput == info.Index),
            _ => true,
        };
        Demand(isWritable, $"{place} writes to value {value}, which is read only");
    }

    private void OwnByLoop(int value, int body, string place)
    {
        CheckValueId(value, place);
        Demand(model.Values[value].Storage == StorageKind.Temporary, $"{place} needs value {value} to be a temporary");
        Demand(_loopOf[value] == SlotScopes.Undefined, $"{place} fills value {value}, which a loop fills already");
        _loopOf[value] = body;
    }

    private void SameKind(int from, int to, int extraRank, string place)
    {
        var a = model.Values[from];
        var b = model.Values[to];
        Demand(
            a.Type == b.Type && a.Dims.Length + extraRank == b.Dims.Length,
            $"{place} hands value {from} on as value {to}, which has another type or rank");
    }

    private void CheckValueId(int value, string place) =>
        Demand((uint)value < (uint)model.Values.Length, $"{place} mentions value {value} of {model.Values.Length}");

    private static bool IsInteger(ScalarType type) =>
        type is >= ScalarType.I8 and <= ScalarType.Bool;
}
