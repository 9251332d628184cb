using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Works out the dims of all inputs from named ones.</summary>
internal static unsafe class InputDimSolver
{
    /// <summary>See <see cref="CompiledModel.SolveInputDims"/>.</summary>
    public static long[][] Solve(PreparedModel prepared, IReadOnlyDictionary<string, long> named)
    {
        var model = prepared.Model;
        var known = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        var slots = new long[model.SlotNames.Length];
        foreach (var input in model.Inputs)
        {
            for (int a = 0; a < input.Axes.Length; a++)
            {
                var axis = input.Axes[a];
                string place = $"{input.Name}.{a}";
                known.Add(place);
                if (axis.Kind != InputAxisKind.Constant)
                {
                    known.Add(axis.Text);
                }

                if (axis.Kind != InputAxisKind.Bind)
                {
                    continue;
                }

                if (named.TryGetValue(place, out long dim) || named.TryGetValue(axis.Text, out dim))
                {
                    slots[axis.Slot] = dim;
                }
                else
                {
                    missing.Add(axis.Text == place ? place : $"{axis.Text} ({place})");
                }
            }
        }

        CheckNames(named.Keys, known);
        if (missing.Count > 0)
        {
            throw new DlcRuntimeException(RuntimeErrors.MissingDims, $"dims are needed that were not given: {string.Join(", ", missing)}");
        }

        fixed (long* pointer = slots)
        {
            ShapeMachine.RunInstructions(prepared.Points[0], pointer, model.SlotNames);
        }

        return [.. model.Inputs.Select(input => DimsOf(input, slots, named))];
    }

    private static long[] DimsOf(ModelInput input, long[] slots, IReadOnlyDictionary<string, long> named)
    {
        var dims = new long[input.Axes.Length];
        for (int a = 0; a < dims.Length; a++)
        {
            var axis = input.Axes[a];

            // What was said about an axis itself counts, even if it is wrong: the run then says why.
            dims[a] = named.TryGetValue($"{input.Name}.{a}", out long dim) ? dim
                : axis.Kind == InputAxisKind.Constant ? axis.Constant
                : slots[axis.Slot];
        }

        return dims;
    }

    private static void CheckNames(IEnumerable<string> given, HashSet<string> known)
    {
        foreach (string name in given)
        {
            if (!known.Contains(name))
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.UnknownName, "the model has no such dim", string.Join(", ", known.Order(StringComparer.Ordinal)), $"'{name}'");
            }
        }
    }
}
