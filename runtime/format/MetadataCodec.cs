namespace Dlc.Runtime.Format;

/// <summary>Translates an <see cref="ExecutableModel"/> without its code and the bytes of its constants to metadata and back.</summary>
internal static class MetadataCodec
{
    private const byte LaunchTag = 1;
    private const byte CopyTag = 2;
    private const byte BindSlotTag = 3;
    private const byte IfTag = 4;
    private const byte LoopTag = 5;

    public static byte[] Encode(ExecutableModel model, long[] constantOffsets)
    {
        var w = new MetadataWriter();
        w.Text(model.Name);
        w.Text(model.Producer);
        w.Text(model.Target.Architecture);
        w.Text(model.Target.Name);
        w.Unsigned((ulong)model.Target.Features);
        w.Texts(model.SlotNames);
        w.List(model.Inputs, input =>
        {
            w.Text(input.Name);
            w.Int(input.Value);
            w.List(input.Axes, axis =>
            {
                w.Unsigned((byte)axis.Kind);
                w.Int(axis.Slot);
                w.Int(axis.Constant);
                w.Text(axis.Text);
            });
        });
        w.List(model.Outputs, output =>
        {
            w.Text(output.Name);
            w.Int(output.Value);
            w.Texts(output.DimTexts);
        });
        WriteBindPoint(w, model.Entry);
        w.List(model.Values, value =>
        {
            w.Unsigned((byte)value.Type);
            w.Ints(value.Dims);
            w.Unsigned((byte)value.Storage);
            w.Int(value.Index);
            w.Int(value.ByteOffsetSlot);
            w.Text(value.Name);
        });
        w.List(model.Programs, program =>
        {
            w.Text(program.Name);
            w.List(program.Steps, step => WriteStep(w, step));
        });
        w.Unsigned((ulong)model.Constants.Length);
        for (int i = 0; i < model.Constants.Length; i++)
        {
            w.Int(constantOffsets[i]);
            w.Int(model.Constants[i].Length);
        }

        w.List(model.Properties, pair =>
        {
            w.Text(pair.Key);
            w.Text(pair.Value);
        });
        return w.ToArray();
    }

    /// <summary>Decodes metadata; <paramref name="constants"/> makes a constant from its offset and length (both checked to be in the section).</summary>
    public static ExecutableModel Decode(
        ReadOnlySpan<byte> metadata, ReadOnlyMemory<byte> code, long constantBytes, Func<long, long, ConstantData> constants)
    {
        var r = new MetadataReader(metadata);
        string name = r.Text();
        string producer = r.Text();
        var target = new TargetInfo(r.Text(), r.Text(), (CpuFeatures)r.Unsigned());
        string[] slotNames = r.Texts();
        var inputs = new ModelInput[r.Count()];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = ReadInput(ref r);
        }

        var outputs = new ModelOutput[r.Count()];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = new ModelOutput { Name = r.Text(), Value = r.Int(), DimTexts = r.Texts() };
        }

        var entry = ReadBindPoint(ref r);
        var values = new ValueInfo[r.Count()];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = new ValueInfo
            {
                Type = (ScalarType)r.Byte(),
                Dims = r.Ints(),
                Storage = (StorageKind)r.Byte(),
                Index = r.Int(),
                ByteOffsetSlot = r.Int(),
                Name = r.Text(),
            };
        }

        var programs = new StepProgram[r.Count()];
        for (int i = 0; i < programs.Length; i++)
        {
            string programName = r.Text();
            var steps = new Step[r.Count()];
            for (int s = 0; s < steps.Length; s++)
            {
                steps[s] = ReadStep(ref r);
            }

            programs[i] = new StepProgram { Name = programName, Steps = steps };
        }

        var data = new ConstantData[r.Count()];
        for (int i = 0; i < data.Length; i++)
        {
            long offset = r.Long();
            long length = r.Long();
            if (offset < 0 || length < 0 || offset > constantBytes || length > constantBytes - offset
                || offset % FileLayout.ConstantAlignment != 0)
            {
                throw MetadataReader.Bad($"constant {i} of {length} bytes at {offset} in a section of {constantBytes}");
            }

            data[i] = constants(offset, length);
        }

        var properties = new KeyValuePair<string, string>[r.Count()];
        for (int i = 0; i < properties.Length; i++)
        {
            properties[i] = new(r.Text(), r.Text());
        }

        if (!r.AtEnd)
        {
            throw MetadataReader.Bad("bytes after the end");
        }

        return new ExecutableModel
        {
            Name = name,
            Producer = producer,
            Target = target,
            SlotNames = slotNames,
            Inputs = inputs,
            Outputs = outputs,
            Entry = entry,
            Values = values,
            Programs = programs,
            Constants = data,
            Code = code,
            Properties = properties,
        };
    }

    private static void WriteBindPoint(MetadataWriter w, BindPoint point)
    {
        w.List(point.Instructions, i =>
        {
            w.Unsigned((byte)i.Op);
            w.Int(i.Target);
            w.Int(i.A);
            w.Int(i.B);
            w.Int(i.C);
            w.Int(i.Immediate);
        });
        w.List(point.Guards, g =>
        {
            w.Int(g.A);
            w.Unsigned((byte)g.Relation);
            w.Int(g.B);
            w.Text(g.Message);
            w.Text(g.Origin);
        });
    }

    private static BindPoint ReadBindPoint(ref MetadataReader r)
    {
        var instructions = new ShapeInstruction[r.Count()];
        for (int i = 0; i < instructions.Length; i++)
        {
            instructions[i] = new((ShapeOp)r.Byte(), r.Int(), r.Int(), r.Int(), r.Int(), r.Long());
        }

        var guards = new Guard[r.Count()];
        for (int i = 0; i < guards.Length; i++)
        {
            guards[i] = new(r.Int(), (GuardRelation)r.Byte(), r.Int(), r.Text(), r.Text());
        }

        return new BindPoint { Instructions = instructions, Guards = guards };
    }

    private static ModelInput ReadInput(ref MetadataReader r)
    {
        string name = r.Text();
        int value = r.Int();
        var axes = new InputAxis[r.Count()];
        for (int a = 0; a < axes.Length; a++)
        {
            axes[a] = new((InputAxisKind)r.Byte(), r.Int(), r.Long(), r.Text());
        }

        return new ModelInput { Name = name, Value = value, Axes = axes };
    }

    private static void WriteStep(MetadataWriter w, Step step)
    {
        switch (step)
        {
            case LaunchStep launch:
                w.Unsigned(LaunchTag);
                w.Texts(step.Origins);
                w.Ints(launch.Buffers);
                w.Ints(launch.Dims);
                w.List(launch.Variants, v =>
                {
                    w.Int(v.CodeOffset);
                    w.Text(v.Name);
                    w.Int(v.PredicateSlot);
                    w.Int(v.ExtentSlot);
                    w.Int(v.GrainSlot);
                    w.Int(v.ScratchSlot);
                });
                w.Texts(launch.Messages);
                break;
            case CopyStep copy:
                w.Unsigned(CopyTag);
                w.Texts(step.Origins);
                w.Int(copy.Source);
                w.Int(copy.Destination);
                break;
            case BindSlotStep bind:
                w.Unsigned(BindSlotTag);
                w.Texts(step.Origins);
                w.Int(bind.Slot);
                w.Int(bind.Value);
                WriteBindPoint(w, bind.Then);
                break;
            case IfStep branch:
                w.Unsigned(IfTag);
                w.Texts(step.Origins);
                w.Int(branch.Condition);
                w.Int(branch.ThenProgram);
                w.Int(branch.ElseProgram);
                w.List(branch.Results, result =>
                {
                    w.Int(result.ThenValue);
                    w.Int(result.ElseValue);
                    w.Int(result.Output);
                    w.Ints(result.OutputSlots);
                });
                WriteBindPoint(w, branch.Exit);
                break;
            case LoopStep loop:
                w.Unsigned(LoopTag);
                w.Texts(step.Origins);
                WriteLoop(w, loop);
                break;
            default:
                throw new InvalidOperationException($"unknown step {step.GetType().Name}");
        }
    }

    private static void WriteLoop(MetadataWriter w, LoopStep loop)
    {
        w.Ints([loop.Body, loop.TripCountValue, loop.TripCountSlot, loop.Condition, loop.BodyIteration, loop.IterationSlot,
            loop.BodyConditionIn, loop.BodyConditionOut, loop.ExecutedSlot]);
        w.List(loop.Carried, c =>
        {
            w.Ints([c.Initial, c.BodyIn, c.BodyOut, c.Final]);
            w.Ints(c.BodyInSlots);
            w.Ints(c.FinalSlots);
        });
        w.List(loop.ScanOutputs, s =>
        {
            w.Int(s.BodyOut);
            w.Int(s.Final);
            w.Ints(s.FinalSlots);
        });
        WriteBindPoint(w, loop.BodyEntry);
        WriteBindPoint(w, loop.Exit);
    }

    private static Step ReadStep(ref MetadataReader r)
    {
        byte tag = r.Byte();
        string[] origins = r.Texts();
        switch (tag)
        {
            case LaunchTag:
                int[] buffers = r.Ints();
                int[] dims = r.Ints();
                var variants = new KernelVariant[r.Count()];
                for (int i = 0; i < variants.Length; i++)
                {
                    variants[i] = new KernelVariant
                    {
                        CodeOffset = r.Long(),
                        Name = r.Text(),
                        PredicateSlot = r.Int(),
                        ExtentSlot = r.Int(),
                        GrainSlot = r.Int(),
                        ScratchSlot = r.Int(),
                    };
                }

                return new LaunchStep { Origins = origins, Buffers = buffers, Dims = dims, Variants = variants, Messages = r.Texts() };
            case CopyTag:
                return new CopyStep { Origins = origins, Source = r.Int(), Destination = r.Int() };
            case BindSlotTag:
                return new BindSlotStep { Origins = origins, Slot = r.Int(), Value = r.Int(), Then = ReadBindPoint(ref r) };
            case IfTag:
                int condition = r.Int();
                int thenProgram = r.Int();
                int elseProgram = r.Int();
                var results = new BranchResult[r.Count()];
                for (int i = 0; i < results.Length; i++)
                {
                    results[i] = new BranchResult { ThenValue = r.Int(), ElseValue = r.Int(), Output = r.Int(), OutputSlots = r.Ints() };
                }

                return new IfStep
                {
                    Origins = origins,
                    Condition = condition,
                    ThenProgram = thenProgram,
                    ElseProgram = elseProgram,
                    Results = results,
                    Exit = ReadBindPoint(ref r),
                };
            case LoopTag:
                return ReadLoop(ref r, origins);
            default:
                throw MetadataReader.Bad($"a step of kind {tag}");
        }
    }

    private static LoopStep ReadLoop(ref MetadataReader r, string[] origins)
    {
        int[] f = r.Ints();
        if (f.Length != 9)
        {
            throw MetadataReader.Bad($"a loop of {f.Length} fields");
        }

        var carried = new CarriedValue[r.Count()];
        for (int i = 0; i < carried.Length; i++)
        {
            int[] c = r.Ints();
            if (c.Length != 4)
            {
                throw MetadataReader.Bad($"a carried value of {c.Length} fields");
            }

            carried[i] = new CarriedValue
            {
                Initial = c[0],
                BodyIn = c[1],
                BodyOut = c[2],
                Final = c[3],
                BodyInSlots = r.Ints(),
                FinalSlots = r.Ints(),
            };
        }

        var scans = new ScanOutput[r.Count()];
        for (int i = 0; i < scans.Length; i++)
        {
            scans[i] = new ScanOutput { BodyOut = r.Int(), Final = r.Int(), FinalSlots = r.Ints() };
        }

        return new LoopStep
        {
            Origins = origins,
            Body = f[0],
            TripCountValue = f[1],
            TripCountSlot = f[2],
            Condition = f[3],
            BodyIteration = f[4],
            IterationSlot = f[5],
            BodyConditionIn = f[6],
            BodyConditionOut = f[7],
            ExecutedSlot = f[8],
            Carried = carried,
            ScanOutputs = scans,
            BodyEntry = ReadBindPoint(ref r),
            Exit = ReadBindPoint(ref r),
        };
    }
}
