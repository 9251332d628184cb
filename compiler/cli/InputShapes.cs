using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary>Finds the dims of all inputs of a model from those that are given and the sizes that the user names.</summary>
internal static class InputShapes
{
    /// <summary>Dims by input, in the model's order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="given">Dims of the inputs whose data is given, by name.</param>
    /// <param name="sizes">What <c>--dims</c> says.</param>
    /// <exception cref="DlcException">Sizes are missing (all in one message), or named that do not exist.</exception>
    public static long[][] Find(CompiledModel model, IReadOnlyDictionary<string, long[]> given, IReadOnlyDictionary<string, long> sizes)
    {
        var executable = model.Executable.Model;
        var slots = new long?[executable.SlotNames.Length];
        foreach (var input in executable.Inputs)
        {
            var dims = given.GetValueOrDefault(input.Name);
            if (dims is not null && dims.Length != input.Axes.Length)
            {
                throw new DlcException(ErrorCodes.BadInput, $"input '{input.Name}' has another rank: expected {input.Axes.Length} axes "
                    + $"[{string.Join(",", input.Axes.Select(a => a.Text))}], found {dims.Length} in [{string.Join(",", dims)}]");
            }

            for (var axis = 0; axis < input.Axes.Length; axis++)
            {
                if (dims is not null && input.Axes[axis].Kind == InputAxisKind.Bind)
                {
                    slots[input.Axes[axis].Slot] = dims[axis];
                }
            }
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var input in executable.Inputs)
        {
            for (var axis = 0; axis < input.Axes.Length; axis++)
            {
                var (text, place) = (input.Axes[axis].Text, $"{input.Name}.{axis}");
                known.Add(text);
                known.Add(place);
                if (input.Axes[axis].Kind != InputAxisKind.Bind || slots[input.Axes[axis].Slot] is not null)
                {
                    continue;
                }

                if (sizes.TryGetValue(text, out var size) || sizes.TryGetValue(place, out size))
                {
                    slots[input.Axes[axis].Slot] = size;
                }
                else
                {
                    missing.Add(text);
                }
            }
        }

        if (sizes.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            var names = executable.Inputs.SelectMany(i => i.Axes).Where(a => a.Kind != InputAxisKind.Constant).Select(a => a.Text).Distinct().ToList();
            throw new DlcException(ErrorCodes.BadInput, $"no input has a dim '{unknown}'; "
                + (names.Count > 0 ? $"the dims are {string.Join(", ", names)}" : "the sizes of all inputs are fixed"));
        }

        if (missing.Count > 0)
        {
            var inputs = string.Join(", ", model.Inputs.Select(i => i.ToString()));
            throw new DlcException(ErrorCodes.BadInput,
                $"these dims are needed: {string.Join(", ", missing.Distinct())}; give them as --dims {string.Join(',', missing.Distinct().Select(m => $"{m}=N"))} "
                + $"(the inputs are {inputs})");
        }

        Evaluate(executable.Entry.Instructions, slots);
        return [.. executable.Inputs.Select(input => given.GetValueOrDefault(input.Name) ?? [.. input.Axes.Select(a => Dim(input, a, slots))])];
    }

    private static long Dim(ModelInput input, InputAxis axis, long?[] slots) =>
        axis.Kind == InputAxisKind.Constant ? axis.Constant : slots[axis.Slot]
            ?? throw new DlcException(ErrorCodes.BadInput, $"the dim {axis.Text} of input '{input.Name}' does not follow from the others; give the input");

    /// <summary>Runs the part of the shape program that needs input dims alone; what fails is left for the run to report.</summary>
    private static void Evaluate(ShapeInstruction[] program, long?[] slots)
    {
        foreach (var i in program)
        {
            var (a, b) = (slots[i.A], slots[i.B]);
            try
            {
                slots[i.Target] = i.Op switch
                {
                    ShapeOp.Const => i.Immediate,
                    ShapeOp.Move => a,
                    ShapeOp.Add => checked(a + b),
                    ShapeOp.Sub => checked(a - b),
                    ShapeOp.Mul => checked(a * b),
                    ShapeOp.FloorDiv => a is { } x && b is { } y ? IR.Symbolic.IntegerMath.FloorDiv(x, y) : null,
                    ShapeOp.CeilDiv => a is { } x && b is { } y ? IR.Symbolic.IntegerMath.CeilDiv(x, y) : null,
                    ShapeOp.Mod => a is { } x && b is { } y ? IR.Symbolic.IntegerMath.Mod(x, y) : null,
                    ShapeOp.Min => a is { } x && b is { } y ? Math.Min(x, y) : null,
                    ShapeOp.Max => a is { } x && b is { } y ? Math.Max(x, y) : null,
                    ShapeOp.Equal => a is { } x && b is { } y ? (x == y ? 1 : 0) : null,
                    ShapeOp.Less => a is { } x && b is { } y ? (x < y ? 1 : 0) : null,
                    ShapeOp.LessOrEqual => a is { } x && b is { } y ? (x <= y ? 1 : 0) : null,
                    ShapeOp.Select => a is { } x ? (x != 0 ? b : slots[i.C]) : null,
                    _ => throw new InvalidOperationException($"unknown operator {i.Op}"),
                };
            }
            catch (ArithmeticException)
            {
                slots[i.Target] = null;
            }
        }
    }
}
