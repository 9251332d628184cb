namespace Dlc.Runtime.Format;

/// <summary>Checks what needs no order: value table, inputs and outputs, constants, alias chains.</summary>
internal sealed class TableValidator(ExecutableModel model)
{

    public void Run()
    {
        for (int v = 0; v < model.Values.Length; v++)
        {
            CheckValue(v, model.Values[v]);
        }

        CheckAliasChains();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < model.Inputs.Length; i++)
        {
            var input = model.Inputs[i];
            CheckBoundary(input.Value, StorageKind.Input, i, $"input '{input.Name}'");
            if (!names.Add(input.Name))
            {
                throw ModelValidator.Invalid($"two inputs are called '{input.Name}'");
            }

            CheckAxes(input);
        }

        names.Clear();
        for (int i = 0; i < model.Outputs.Length; i++)
        {
            var output = model.Outputs[i];
            if (output.UpdatesInput == -1)
            {
                CheckBoundary(output.Value, StorageKind.Output, i, $"output '{output.Name}'");
            }
            else
            {
                CheckUpdate(output);
            }

            if (output.DimTexts.Length != model.Values[output.Value].Dims.Length)
            {
                throw ModelValidator.Invalid($"output '{output.Name}' has another rank than its value");
            }

            if (!names.Add(output.Name))
            {
                throw ModelValidator.Invalid($"two outputs are called '{output.Name}'");
            }
        }
    }

    private void CheckValue(int id, ValueInfo value)
    {
        string Place() => $"value {id} '{value.Name}'";
        if (value.Type.SizeOf() == 0)
        {
            throw ModelValidator.Invalid($"{Place()} has no element type", "a scalar type", $"{(int)value.Type}");
        }

        if (value.Dims.Length > ValueInfo.MaxRank)
        {
            throw ModelValidator.Invalid($"{Place()} has too many axes", $"at most {ValueInfo.MaxRank}", $"{value.Dims.Length}");
        }

        foreach (int slot in value.Dims)
        {
            CheckIndex(slot, model.SlotNames.Length, Place(), "slot");
        }

        switch (value.Storage)
        {
            case StorageKind.Temporary:
                break;
            case StorageKind.Input:
                CheckIndex(value.Index, model.Inputs.Length, Place(), "input");
                if (model.Inputs[value.Index].Value != id)
                {
                    throw ModelValidator.Invalid($"{Place()} is not the value of its input");
                }

                break;
            case StorageKind.Output:
                CheckIndex(value.Index, model.Outputs.Length, Place(), "output");
                if (model.Outputs[value.Index].Value != id)
                {
                    throw ModelValidator.Invalid($"{Place()} is not the value of its output");
                }

                break;
            case StorageKind.Constant:
                CheckIndex(value.Index, model.Constants.Length, Place(), "constant");
                break;
            case StorageKind.Alias:
                CheckIndex(value.Index, model.Values.Length, Place(), "value");
                if (value.ByteOffsetSlot != -1)
                {
                    CheckIndex(value.ByteOffsetSlot, model.SlotNames.Length, Place(), "slot");
                }

                break;
            default:
                throw ModelValidator.Invalid($"{Place()} has an unknown storage", "0 to 4", $"{(int)value.Storage}");
        }

        if (value.ByteOffsetSlot != -1 && value.Storage != StorageKind.Alias)
        {
            throw ModelValidator.Invalid($"{Place()} has a byte offset but is no alias");
        }
    }

    private void CheckAliasChains()
    {
        // 0 unseen, 1 on the chain being followed, 2 known to end.
        var state = new byte[model.Values.Length];
        var chain = new List<int>();
        for (int v = 0; v < state.Length; v++)
        {
            int at = v;
            while (state[at] == 0 && model.Values[at].Storage == StorageKind.Alias)
            {
                state[at] = 1;
                chain.Add(at);
                at = model.Values[at].Index;
            }

            if (state[at] == 1)
            {
                throw ModelValidator.Invalid($"value {at} '{model.Values[at].Name}' is an alias of itself");
            }

            state[at] = 2;
            foreach (int link in chain)
            {
                state[link] = 2;
            }

            chain.Clear();
        }
    }

    /// <summary>An output that updates an input is a view of it as a whole, and the only such output.</summary>
    private void CheckUpdate(ModelOutput output)
    {
        string place = $"output '{output.Name}'";
        CheckIndex(output.UpdatesInput, model.Inputs.Length, place, "input");
        CheckIndex(output.Value, model.Values.Length, place, "value");
        var info = model.Values[output.Value];
        var input = model.Inputs[output.UpdatesInput];
        if (info.Storage != StorageKind.Alias || info.Index != input.Value || info.ByteOffsetSlot != -1
            || info.Type != model.Values[input.Value].Type || !info.Dims.AsSpan().SequenceEqual(model.Values[input.Value].Dims))
        {
            throw ModelValidator.Invalid($"{place} is not the memory of the input '{input.Name}' that it updates");
        }

        if (Array.FindAll(model.Outputs, o => o.UpdatesInput == output.UpdatesInput).Length != 1)
        {
            throw ModelValidator.Invalid($"two outputs update the input '{input.Name}'");
        }
    }

    private void CheckBoundary(int value, StorageKind storage, int index, string place)
    {
        CheckIndex(value, model.Values.Length, place, "value");
        var info = model.Values[value];
        if (info.Storage != storage || info.Index != index)
        {
            throw ModelValidator.Invalid($"{place} names value {value}, which is stored elsewhere", $"{storage} {index}", $"{info.Storage} {info.Index}");
        }
    }

    private void CheckAxes(ModelInput input)
    {
        int[] dims = model.Values[input.Value].Dims;
        if (dims.Length != input.Axes.Length)
        {
            throw ModelValidator.Invalid($"input '{input.Name}' has another rank than its value", $"{dims.Length}", $"{input.Axes.Length}");
        }

        for (int a = 0; a < dims.Length; a++)
        {
            var axis = input.Axes[a];
            bool good = axis.Kind switch
            {
                InputAxisKind.Constant => axis.Constant >= 0,
                InputAxisKind.Bind or InputAxisKind.Check => axis.Slot == dims[a],
                _ => false,
            };
            if (!good)
            {
                throw ModelValidator.Invalid($"axis {a} of input '{input.Name}' does not go with its value");
            }
        }
    }

    private static void CheckIndex(int index, int count, string place, string what)
    {
        if ((uint)index >= (uint)count)
        {
            throw ModelValidator.Invalid($"{place} mentions a {what} that is not there", $"0 to {count - 1}", $"{index}");
        }
    }
}
