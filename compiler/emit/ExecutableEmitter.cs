using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Format = Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>
/// Translates a lowered program and the code of its kernels into the executable that the runtime loads: dims into slots of the shape program,
/// buffers into values, facts that were relied on into guards, regions into sub-programs.
/// </summary>
public static class ExecutableEmitter
{
    /// <summary>Makes the executable.</summary>
    /// <param name="module">Names, facts and guards.</param>
    /// <param name="program">What runs.</param>
    /// <param name="code">Its kernels.</param>
    /// <param name="target">The machine that the code needs.</param>
    public static Format.ExecutableModel Emit(Module module, LoweredProgram program, KernelCode code, Format.TargetInfo target)
    {
        var (bound, results) = Survey(program);
        var slots = new SlotTable(module.Facts);
        var values = new ValueTable(slots, results);
        var entry = slots.Open();
        var inputs = EmitInputs(program, slots, values);

        var copies = new List<(LoweredBuffer Source, int Output)>();
        for (var i = 0; i < program.Outputs.Count; i++)
        {
            if (program.Updates.All(u => u.Output != i) && !values.DeclareOutput(program.Outputs[i], i))
            {
                copies.Add((program.Outputs[i], i));
            }
        }

        var steps = new StepEmitter(slots, values, code, bound);
        steps.EmitMain(program);
        var outputs = EmitOutputs(module, program, values, copies, steps);
        return new Format.ExecutableModel
        {
            Name = module.Name,
            Producer = $"dlc {typeof(ExecutableEmitter).Assembly.GetName().Version?.ToString(3)}",
            Target = target,
            SlotNames = slots.Names,
            Inputs = inputs,
            Outputs = outputs,
            Entry = entry.Build(),
            Values = values.Build(),
            Programs = steps.Programs,
            Constants = values.Constants.Build(),
            Code = code.Bytes,
        };
    }

    /// <summary>All programs: the one given and those of its If and Loop steps, outermost first.</summary>
    public static IEnumerable<LoweredProgram> ProgramsOf(LoweredProgram program)
    {
        var pending = new Stack<LoweredProgram>([program]);
        while (pending.TryPop(out var item))
        {
            yield return item;
            foreach (var step in Enumerable.Reverse(item.Steps))
            {
                switch (step)
                {
                    case IfStep branch:
                        pending.Push(branch.Else);
                        pending.Push(branch.Then);
                        break;
                    case LoopStep loop:
                        pending.Push(loop.Body);
                        break;
                    default:
                        break;
                }
            }
        }
    }

    /// <summary>The symbols that inputs and steps bind, and the buffers that If and Loop steps give.</summary>
    private static (HashSet<Dim> Bound, HashSet<LoweredBuffer> Results) Survey(LoweredProgram main)
    {
        var bound = main.Inputs.SelectMany(i => i.Type.Shape.Dims).SelectMany(SymbolSet.Of).ToHashSet();
        var results = new HashSet<LoweredBuffer>(ReferenceEqualityComparer.Instance);
        foreach (var step in ProgramsOf(main).SelectMany(p => p.Steps))
        {
            switch (step)
            {
                case BindDimStep bind:
                    bound.Add(bind.Symbol);
                    break;
                case IfStep branch:
                    bound.UnionWith(branch.BoundDims.Select(d => d.Symbol));
                    results.UnionWith(branch.Outputs);
                    break;
                case LoopStep loop:
                    bound.UnionWith(loop.CarriedDims.Select(d => d.Symbol));
                    bound.UnionWith(loop.Outputs.SelectMany(o => o.Type.Shape.Dims).SelectMany(SymbolSet.Of));
                    if (!loop.IsCounted)
                    {
                        bound.Add(loop.Trips);
                    }

                    results.UnionWith(loop.Outputs);
                    break;
                default:
                    break;
            }
        }

        return (bound, results);
    }

    private static Format.ModelInput[] EmitInputs(LoweredProgram program, SlotTable slots, ValueTable values)
    {
        // Axes come first: the dims of one input may be expressions in the symbols of a later one.
        var axes = new Format.InputAxis[program.Inputs.Count][];
        var dims = new int[program.Inputs.Count][];
        var binder = new AxisBinder(slots);
        for (var i = 0; i < axes.Length; i++)
        {
            var shape = program.Inputs[i].Type.Shape.Dims;
            axes[i] = new Format.InputAxis[shape.Length];
            dims[i] = new int[shape.Length];
            for (var a = 0; a < shape.Length; a++)
            {
                if (shape[a].IsSymbol && !slots.IsDefined(shape[a]))
                {
                    dims[i][a] = slots.Define(shape[a]);
                    axes[i][a] = Format.InputAxis.Bind(dims[i][a], SlotTable.TextOf(shape[a]));
                }
            }
        }

        for (var i = 0; i < axes.Length; i++)
        {
            var shape = program.Inputs[i].Type.Shape.Dims;
            for (var a = 0; a < shape.Length; a++)
            {
                if (axes[i][a] is not null)
                {
                    continue;
                }

                var dim = shape[a];
                if (dim.IsConstant)
                {
                    (dims[i][a], axes[i][a]) = (slots.Slot(dim), Format.InputAxis.Fixed(dim.Constant));
                }
                else if (slots.CanCompute(dim))
                {
                    dims[i][a] = slots.Slot(dim);
                    axes[i][a] = Format.InputAxis.Check(dims[i][a], SlotTable.TextOf(dim));
                }
                else
                {
                    dims[i][a] = binder.Bind(dim);
                    axes[i][a] = Format.InputAxis.Bind(dims[i][a], SlotTable.TextOf(dim));
                }
            }
        }

        binder.Finish();
        var inputs = new Format.ModelInput[axes.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            var buffer = program.Inputs[i];
            values.DeclareInput(buffer, i);
            inputs[i] = new Format.ModelInput
            {
                Name = buffer.Name ?? $"input{i}",
                Value = values.NewBound(buffer, dims[i]),
                Axes = axes[i],
            };
        }

        return inputs;
    }

    private static Format.ModelOutput[] EmitOutputs(Module module, LoweredProgram program, ValueTable values,
        List<(LoweredBuffer Source, int Output)> copies, StepEmitter steps)
    {
        var outputs = new Format.ModelOutput[program.Outputs.Count];
        var copied = copies.ToDictionary(c => c.Output, c => c.Source);
        var updates = program.Updates.ToDictionary(u => u.Output, u => u.Input);
        for (var i = 0; i < outputs.Length; i++)
        {
            var buffer = program.Outputs[i];
            var name = i < module.OutputNames.Count ? module.OutputNames[i] : buffer.Name ?? $"output{i}";
            var value = copied.ContainsKey(i) ? values.New(buffer, Format.StorageKind.Output, i, name) : values.Of(buffer);
            if (copied.TryGetValue(i, out var source))
            {
                steps.AppendToMain(new Format.CopyStep { Source = values.Of(source), Destination = value });
            }

            outputs[i] = new Format.ModelOutput
            {
                Name = name,
                Value = value,
                DimTexts = [.. buffer.Type.Shape.Dims.Select(SlotTable.TextOf)],
                UpdatesInput = updates.GetValueOrDefault(i, -1),
            };
        }

        return outputs;
    }
}
