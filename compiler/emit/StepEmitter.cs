using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Format = Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>Translates the steps of a lowered program and of the programs in it.</summary>
internal sealed class StepEmitter(SlotTable slots, ValueTable values, GuardPlacer guards, IReadOnlyDictionary<string, int> entries)
{
    /// <summary>Scalar operations that are worth handing to another thread: some ten microseconds of work.</summary>
    private const long WorthwhileWork = 1 << 16;

    /// <summary>Steps are made last: a bind point gains instructions until its program ends.</summary>
    private readonly List<(string Name, List<Func<Format.Step>> Steps)> _programs = [];

    /// <summary>The programs so far; a sub-program has a larger index than the one around it.</summary>
    public Format.StepProgram[] Programs =>
        [.. _programs.Select(p => new Format.StepProgram { Name = p.Name, Steps = [.. p.Steps.Select(make => make())] })];

    /// <summary>Emits the main program.</summary>
    public void EmitMain(LoweredProgram program) => EmitProgram(program, "main");

    /// <summary>Adds a step at the end of the main program.</summary>
    public void AppendToMain(Format.Step step) => _programs[0].Steps.Add(() => step);

    private int EmitProgram(LoweredProgram program, string name)
    {
        var index = _programs.Count;
        var steps = new List<Func<Format.Step>>();
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
        var grain = launch.WorkPerItem.Context.Const(WorthwhileWork).CeilDiv(launch.WorkPerItem.Max(1));
        var step = new Format.LaunchStep
        {
            Buffers = [.. launch.Buffers.Select(values.Of)],
            Dims = [.. launch.Dims.Select(slots.Slot)],
            Variants =
            [
                new Format.KernelVariant
                {
                    CodeOffset = entries[kernel.StructuralKey],
                    Name = kernel.Name,
                    ExtentSlot = launch.WorkItems.Is(1) ? -1 : slots.Slot(launch.WorkItems),
                    GrainSlot = grain.Is(1) ? -1 : slots.Slot(grain),
                    ScratchSlot = launch.ScratchBytes.Is(0) ? -1 : slots.Slot(launch.ScratchBytes),
                },
            ],
            Messages = [.. kernel.Checks],
            Origins = [.. launch.Origins],
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
        guards.Place();
        return () => new Format.BindSlotStep { Slot = slot, Value = value, Then = then.Build(), Origins = [.. bind.Origins] };
    }

    private Func<Format.Step> EmitIf(IfStep branch, string name, int position)
    {
        var condition = values.Of(branch.Condition);
        var depth = slots.Depth;
        var thenProgram = EmitProgram(branch.Then, $"{name}.{position}.then");
        var thenValues = branch.Then.Outputs.Select(values.Of).ToArray();
        slots.CloseTo(depth);
        var elseProgram = EmitProgram(branch.Else, $"{name}.{position}.else");
        var elseValues = branch.Else.Outputs.Select(values.Of).ToArray();
        slots.CloseTo(depth);

        var exit = slots.Open();
        var results = EmitResults(branch.Outputs);
        guards.Place();
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

    private Func<Format.Step> EmitLoop(LoopStep loop, string name, int position)
    {
        var tripCount = loop.TripCount is { } count ? values.Of(count) : -1;
        var condition = loop.Condition is { } start ? values.Of(start) : -1;
        var initial = loop.Initial.Select(values.Of).ToArray();
        var depth = slots.Depth;

        var bodyEntry = slots.Open();
        var inputs = EmitResults([.. loop.Body.Inputs.Skip(2)]);
        guards.Place();
        var iteration = values.Of(loop.Body.Inputs[0]);
        var conditionIn = values.Of(loop.Body.Inputs[1]);
        var body = EmitProgram(loop.Body, $"{name}.{position}.body");
        var outputs = loop.Body.Outputs.Select(values.Of).ToArray();
        slots.CloseTo(depth);

        var exit = slots.Open();
        var executed = loop.Trips is { } trips ? slots.Define(trips) : -1;
        var results = EmitResults(loop.Outputs);
        guards.Place();
        return () => new Format.LoopStep
        {
            Body = body,
            TripCountValue = tripCount,
            Condition = condition,
            BodyIteration = iteration,
            BodyConditionIn = conditionIn,
            BodyConditionOut = outputs[0],
            ExecutedSlot = executed,
            Carried =
            [
                .. inputs.Select((input, i) => new Format.CarriedValue
                {
                    Initial = initial[i],
                    BodyIn = input.Value,
                    BodyOut = outputs[i + 1],
                    Final = results[i].Value,
                    BodyInSlots = input.Slots,
                    FinalSlots = results[i].Slots,
                }),
            ],
            ScanOutputs =
            [
                .. results.Skip(inputs.Count).Select((r, i) => new Format.ScanOutput
                {
                    BodyOut = outputs[inputs.Count + 1 + i],
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
