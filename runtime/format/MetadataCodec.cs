namespace Dlc.Runtime.Format;

/// <summary>Translates an <see cref="ExecutableModel"/> without its code and the bytes of its constants to metadata and back.</summary>
internal static class MetadataCodec
{
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
            w.Int(output.UpdatesInput);
        });
        StepCodec.WriteBindPoint(w, model.Entry);
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
            w.List(program.Steps, step => StepCodec.Write(w, step));
            w.List(program.Orders, w.Ints);
            w.Ints(program.Evictable);
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
            outputs[i] = new ModelOutput { Name = r.Text(), Value = r.Int(), DimTexts = r.Texts(), UpdatesInput = r.Int() };
        }

        var entry = StepCodec.ReadBindPoint(ref r);
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
                steps[s] = StepCodec.Read(ref r);
            }

            var orders = new int[r.Count()][];
            for (int o = 0; o < orders.Length; o++)
            {
                orders[o] = r.Ints();
            }

            programs[i] = new StepProgram { Name = programName, Steps = steps, Orders = orders, Evictable = r.Ints() };
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
}
