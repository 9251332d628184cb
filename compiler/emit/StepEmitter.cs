using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Format = Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>Translates the steps of a lowered program and of the programs in it.</summary>
/// <param name="slots">Where dims get their slots.</param>
/// <param name="values">Where buffers get their numbers.</param>
/// <param name="code">The compiled kernels.</param>
/// <param name="bound">The symbols that the programs bind.</param>
internal sealed class StepEmitter(SlotTable slots, ValueTable values, KernelCode code, IReadOnlySet<Dim> bound)
{
    /// <summary>Steps are made last: a bind point gains instructions until its program ends.</summary>
    private readonly List<(string Name, List<Func<Format.Step>> Steps)> _programs = [];

    private List<int[]> _orders = [];
    private int[] _evictable = [];

    /// <summary>Guards of the programs that are open.</summary>
    private readonly Stack<GuardPlacer> _guards = [];

    /// <summary>The programs so far; a sub-program has a larger index than the one around it.</summary>
    public Format.StepProgram[] Programs =>
        [.. _programs.Select((p, i) => new Format.StepProgram { Name = p.Name, Steps = [.. p.Steps.Select(make => make())], Orders = i == 0 ? Orders() : [], Evictable = i == 0 ? _evictable : [] })];

    /// <summary>Steps that were added at the end of the main program stay there.</summary>
    private int[][] Orders() => [.. _orders.Select(o => (int[])[.. o, .. Enumerable.Range(o.Length, _programs[0].Steps.Count - o.Length)])];

    /// <summary>Emits the main program, whose inputs have their dims.</summary>
    public void EmitMain(LoweredProgram program)
    {
        _guards.Push(new GuardPlacer(slots, program.Guards, bound));
        PlaceGuards();
        EmitProgram(program, "main");
        _orders = [.. program.Orders.Select(o => o.ToArray())];
        _evictable = [.. program.Evictable.Select(values.Of)];
    }

    /// <summary>Adds a step at the end of the main program.</summary>
    public void AppendToMain(Format.Step step) => _programs[0].Steps.Add(() => step);

    private int EmitProgram(LoweredProgram program, string name, Func<Format.Step>? first = null)
    {
        var index = _programs.Count;
        List<Func<Format.Step>> steps = first is null ? [] : [first];
        _programs.Add((name, steps));
        foreach (var step in program.Steps)
        {
            steps.Add(step switch
            {
                LaunchStep launch => EmitLaunch(launch),
                CopyStep copy => EmitCopy(copy),
                BindDimStep bind => EmitBind(bind),
                IfStep branch => EmitIf(branch, name, steps.Count),
                LoopStep loop => EmitLoop(loop, name, steps.Count),
                _ => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
            });
        }

        return index;
    }

    private Func<Format.Step> EmitLaunch(LaunchStep launch)
    {
        var kernel = launch.Kernel;
        var step = new Format.LaunchStep
        {
            Buffers = [.. launch.Buffers.Select(values.Of)],
            Writes = [.. Enumerable.Range(0, launch.Buffers.Count).Where(i => kernel.Parameters[i].IsWritten)],
            InPlace = [.. launch.InPlace.Select(p => new Format.InPlaceBuffers(p.Input, p.Output))],
            Dims = [.. launch.Dims.Select(slots.Slot)],
            Variants = code.Variants(launch, slots),
            Messages = [.. kernel.Checks],
            Origins = [.. launch.Origins],
            FlopsSlot = slots.Slot(launch.Flops),
            TrafficSlot = slots.Slot(launch.Traffic),
        };
        return () => step;
    }

    private Func<Format.Step> EmitCopy(CopyStep copy)
    {
        var step = new Format.CopyStep
        {
            Source = values.Of(copy.Source),
            Destination = values.Of(copy.Destination),
            Origins = [.. copy.Origins],
        };
        return () => step;
    }

    private Func<Format.Step> EmitBind(BindDimStep bind)
    {
        var value = values.Of(bind.Scalar);
        var then = slots.Open();
        var slot = slots.Define(bind.Symbol);
        var zero = slots.Slot(bind.Symbol.Context.Zero);
        var where = bind.Origins.Count == 0 ? "" : bind.Origins[0];
        then.Guards.Add(new Format.Guard(zero, Format.GuardRelation.LessOrEqual, slot, $"the size {bind.Symbol} is not negative", where));
        PlaceGuards();
        return () => new Format.BindSlotStep { Slot = slot, Value = value, Then = then.Build(), Origins = [.. bind.Origins] };
    }

    private Func<Format.Step> EmitIf(IfStep branch, string name, int position)
    {
        var condition = values.Of(branch.Condition);
        var (thenProgram, thenValues) = EmitBranch(branch.Then, $"{name}.{position}.then", condition);
        var (elseProgram, elseValues) = EmitBranch(branch.Else, $"{name}.{position}.else", condition);
        var exit = slots.Open();
        var results = EmitResults(branch.Outputs);
        PlaceGuards();
        return () => new Format.IfStep
        {
            Condition = condition,
            ThenProgram = thenProgram,
            ElseProgram = elseProgram,
            Results =
            [
                .. results.Select((r, i) => new Format.BranchResult
                {
                    ThenValue = thenValues[i],
                    ElseValue = elseValues[i],
                    Output = r.Value,
                    OutputSlots = r.Slots,
                }),
            ],
            Exit = exit.Build(),
            Origins = [.. branch.Origins],
        };
    }

    /// <summary>
    /// A branch that relies on more than the programs around begins with a bind point: a step that reads the condition into a slot nobody uses.
    /// </summary>
    private (int Program, int[] Values) EmitBranch(LoweredProgram branch, string name, int condition)
    {
        var (depth, floor) = (slots.Depth, slots.Floor);
        Func<Format.Step>? first = null;
        if (branch.Guards.Count > 0)
        {
            var entry = slots.Open();
            slots.Floor = slots.Depth - 1;
            var slot = slots.DefineNameless("branch");
            _guards.Push(new GuardPlacer(slots, branch.Guards, bound));
            PlaceGuards();
            first = () => new Format.BindSlotStep { Slot = slot, Value = condition, Then = entry.Build() };
        }

        var program = EmitProgram(branch, name, first);
        var results = branch.Outputs.Select(values.Of).ToArray();
        slots.CloseTo(depth);
        slots.Floor = floor;
        if (first is not null)
        {
            _guards.Pop();
        }

        return (program, results);
    }

    private void PlaceGuards()
    {
        foreach (var guards in _guards)
        {
            guards.Place();
        }
    }

    private Func<Format.Step> EmitLoop(LoopStep loop, string name, int position)
    {
        var tripCount = loop.TripCount is { } count ? values.Of(count) : -1;
        var trips = loop.IsCounted ? slots.Slot(loop.Trips) : -1;
        var condition = loop.Condition is { } start ? values.Of(start) : -1;
        var initial = loop.Initial.Select(values.Of).ToArray();
        var (depth, floor) = (slots.Depth, slots.Floor);
        var bodyEntry = slots.Open();
        if (loop.Body.Guards.Count > 0)
        {
            slots.Floor = slots.Depth - 1;
        }

        _guards.Push(new GuardPlacer(slots, loop.Body.Guards, bound));
        var inputs = EmitResults([.. loop.Body.Inputs.Skip(1)]);
        PlaceGuards();
        var iteration = values.Of(loop.Body.Inputs[0]);
        var body = EmitProgram(loop.Body, $"{name}.{position}.body");
        var outputs = loop.Body.Outputs.Select(values.Of).ToArray();
        _guards.Pop();
        slots.CloseTo(depth);
        slots.Floor = floor;

        var exit = slots.Open();
        var executed = loop.IsCounted ? -1 : slots.Define(loop.Trips);
        var results = EmitResults(loop.Outputs);
        PlaceGuards();
        return () => new Format.LoopStep
        {
            Body = body,
            TripCountValue = tripCount,
            TripCountSlot = trips,
            Condition = condition,
            BodyIteration = iteration,
            BodyConditionOut = loop.IsCounted ? -1 : outputs[^1],
            ExecutedSlot = executed,
            Carried =
            [
                .. inputs.Select((input, i) => new Format.CarriedValue
                {
                    Initial = initial[i],
                    BodyIn = input.Value,
                    BodyOut = outputs[i],
                    Final = results[i].Value,
                    BodyInSlots = input.Slots,
                    FinalSlots = results[i].Slots,
                }),
            ],
            ScanOutputs =
            [
                .. results.Skip(inputs.Count).Select((r, i) => new Format.ScanOutput
                {
                    BodyOut = outputs[inputs.Count + i],
                    Final = r.Value,
                    FinalSlots = r.Slots,
                }),
            ],
            BodyEntry = bodyEntry.Build(),
            Exit = exit.Build(),
            Origins = [.. loop.Origins],
        };
    }

    /// <summary>
    /// Values that the runtime fills, in the bind point opened last: an axis whose dim is not known yet gets a slot that the step defines.
    /// </summary>
    private List<(int Value, int[] Slots)> EmitResults(IReadOnlyList<LoweredBuffer> buffers)
    {
        var binder = new AxisBinder(slots);
        var axes = new List<(int[] Dims, int[] Defined)>();

        // Dims that are symbols first: they may give the others their values.
        foreach (var buffer in buffers)
        {
            var shape = buffer.Type.Shape.Dims;
            var (dims, defined) = (new int[shape.Length], new int[shape.Length]);
            Array.Fill(dims, -1);
            Array.Fill(defined, -1);
            axes.Add((dims, defined));
            for (var a = 0; a < shape.Length; a++)
            {
                if (shape[a].IsSymbol && !slots.CanCompute(shape[a]))
                {
                    dims[a] = defined[a] = slots.Define(shape[a]);
                }
            }
        }

        for (var i = 0; i < buffers.Count; i++)
        {
            var shape = buffers[i].Type.Shape.Dims;
            var (dims, defined) = axes[i];
            for (var a = 0; a < shape.Length; a++)
            {
                if (dims[a] >= 0)
                {
                    continue;
                }

                if (slots.CanCompute(shape[a]))
                {
                    dims[a] = slots.Slot(shape[a]);
                }
                else
                {
                    dims[a] = defined[a] = binder.Bind(shape[a]);
                }
            }
        }

        binder.Finish();
        return [.. buffers.Select((b, i) => (values.NewBound(b, axes[i].Dims), axes[i].Defined))];
    }
}
