using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Binds the slots of the input axes and checks the rest of the axes.</summary>
internal static unsafe class InputDims
{
    /// <summary>Stores the dims of binding axes in their slots.</summary>
    /// <param name="model">The model.</param>
    /// <param name="key">Dims of all inputs, one after the other.</param>
    /// <param name="slots">Receives the dims.</param>
    public static void Bind(ExecutableModel model, ReadOnlySpan<long> key, long* slots)
    {
        for (int i = 0; i < model.Inputs.Length; i++)
        {
            var axes = model.Inputs[i].Axes;
            var dims = key[..axes.Length];
            key = key[axes.Length..];
            for (int a = 0; a < axes.Length; a++)
            {
                // Fixed dims come first: what is computed from a wrong one would only confuse.
                if (axes[a].Kind == InputAxisKind.Constant && dims[a] != axes[a].Constant)
                {
                    throw Wrong(model, i, a, dims, $"{axes[a].Constant}");
                }

                if (axes[a].Kind == InputAxisKind.Bind)
                {
                    slots[axes[a].Slot] = dims[a];
                }
            }
        }
    }

    /// <summary>Compares the other axes with their slots, after the entry's instructions.</summary>
    public static void Check(ExecutableModel model, ReadOnlySpan<long> key, long* slots)
    {
        for (int i = 0; i < model.Inputs.Length; i++)
        {
            var axes = model.Inputs[i].Axes;
            var dims = key[..axes.Length];
            key = key[axes.Length..];
            for (int a = 0; a < axes.Length; a++)
            {
                if (axes[a].Kind == InputAxisKind.Check && dims[a] != slots[axes[a].Slot])
                {
                    throw Wrong(model, i, a, dims, $"{axes[a].Text} = {slots[axes[a].Slot]}");
                }
            }
        }
    }

    private static DlcRuntimeException Wrong(ExecutableModel model, int input, int axis, ReadOnlySpan<long> dims, string expected)
    {
        var port = model.Inputs[input];
        string shape = string.Join(',', port.Axes.Select(a => a.Text));
        return new DlcRuntimeException(
            RuntimeErrors.WrongDim,
            $"axis {axis} of input '{port.Name}' [{shape}] has the wrong length",
            expected,
            $"{dims[axis]} in [{string.Join(',', dims.ToArray())}]");
    }
}
