namespace Dlc.Runtime.Format;

/// <summary>Translates steps and bind points to metadata and back. Part of <see cref="MetadataCodec"/>.</summary>
internal static class StepCodec
{
    private const byte LaunchTag = 1;
    private const byte CopyTag = 2;
    private const byte BindSlotTag = 3;
    private const byte IfTag = 4;
    private const byte LoopTag = 5;

    public static void Write(MetadataWriter w, Step step)
    {
        switch (step)
        {
            case LaunchStep launch:
                w.Unsigned(LaunchTag);
                w.Texts(step.Origins);
                w.Ints(launch.Buffers);
                w.Ints(launch.Writes);
                w.List(launch.InPlace, pair =>
                {
                    w.Int(pair.Input);
                    w.Int(pair.Output);
                });
                w.Ints(launch.Dims);
                w.List(launch.Variants, v =>
                {
                    w.Int(v.CodeOffset);
                    w.Text(v.Name);
                    w.Int(v.PredicateSlot);
                    w.Int(v.ExtentSlot);
                    w.Int(v.GrainSlot);
                    w.Int(v.ScratchSlot);
                    w.List(v.Gpu is { } own ? [own] : Array.Empty<GpuLaunch>(), gpu =>
                    {
                        w.Text(gpu.Entry);
                        w.Ints([gpu.BlockThreads, gpu.ItemsPerBlock, gpu.MaximumBlocks, gpu.SharedBytes]);
                    });
                    w.List(v.Dims is { } dims ? [dims] : Array.Empty<int[]>(), w.Ints);
                });
                w.Texts(launch.Messages);
                w.Int(launch.FlopsSlot);
                w.Int(launch.TrafficSlot);
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

    public static Step Read(ref MetadataReader r)
    {
        byte tag = r.Byte();
        string[] origins = r.Texts();
        switch (tag)
        {
            case LaunchTag:
                return ReadLaunch(ref r, origins);
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

    private static LaunchStep ReadLaunch(ref MetadataReader r, string[] origins)
    {
        int[] buffers = r.Ints();
        int[] writes = r.Ints();
        var inPlace = new InPlaceBuffers[r.Count()];
        for (int i = 0; i < inPlace.Length; i++)
        {
            inPlace[i] = new(r.Int(), r.Int());
        }

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
                Gpu = ReadGpu(ref r),
                Dims = ReadDims(ref r),
            };
        }

        return new LaunchStep
        {
            Origins = origins,
            Buffers = buffers,
            Writes = writes,
            InPlace = inPlace,
            Dims = dims,
            Variants = variants,
            Messages = r.Texts(),
            FlopsSlot = r.Int(),
            TrafficSlot = r.Int(),
        };
    }

    private static int[]? ReadDims(ref MetadataReader r) => r.Count() switch
    {
        0 => null,
        1 => r.Ints(),
        int count => throw MetadataReader.Bad($"{count} lists of dims of a kernel"),
    };

    private static GpuLaunch? ReadGpu(ref MetadataReader r)
    {
        int count = r.Count();
        if (count == 0)
        {
            return null;
        }

        string entry = r.Text();
        int[] sizes = r.Ints();
        return count == 1 && sizes.Length == 4
            ? new GpuLaunch(entry, sizes[0], sizes[1], sizes[2], sizes[3])
            : throw MetadataReader.Bad("a launch on a GPU of another form");
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

    public static void WriteBindPoint(MetadataWriter w, BindPoint point)
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

    public static BindPoint ReadBindPoint(ref MetadataReader r)
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
}
