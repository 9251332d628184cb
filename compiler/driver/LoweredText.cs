using System.Text;
using Dlc.IR.Kernels;

namespace Dlc.Compiler.Driver;

/// <summary>A lowered program as text, for dumps: its steps, and each distinct kernel.</summary>
public static class LoweredText
{
    public static string Print(LoweredProgram program)
    {
        var text = new StringBuilder();
        var kernels = new Dictionary<string, (int Number, Kernel Kernel)>(StringComparer.Ordinal);
        Print(text, program, "", kernels);
        foreach (var (number, kernel) in kernels.Values)
        {
            text.Append('\n').Append($"kernel {number}: ").Append(kernel).Append('\n');
        }

        return text.ToString();
    }

    private static void Print(StringBuilder text, LoweredProgram program, string indent, Dictionary<string, (int Number, Kernel Kernel)> kernels)
    {
        foreach (var buffer in program.Buffers)
        {
            var alias = buffer.AliasOf is { } other ? $" of b{other.Id}" : "";
            text.Append($"{indent}b{buffer.Id}: {buffer.Type} {buffer.Storage}{alias} {buffer.Name}".TrimEnd()).Append('\n');
        }

        foreach (var step in program.Steps)
        {
            var origins = step.Origins.Count == 0 ? "" : $"  # {string.Join(", ", step.Origins)}";
            switch (step)
            {
                case LaunchStep launch:
                    (int Number, Kernel Kernel) Known(Kernel kernel)
                    {
                        if (!kernels.TryGetValue(kernel.StructuralKey, out var known))
                        {
                            known = (kernels.Count, kernel);
                            kernels.Add(kernel.StructuralKey, known);
                        }

                        return known;
                    }

                    var known = Known(launch.Kernel);
                    text.Append($"{indent}launch {known.Number} {launch.Kernel.Name}({Names(launch.Buffers)}) dims [{string.Join(", ", launch.Dims)}] ")
                        .Append($"items {launch.WorkItems} work {launch.WorkPerItem} scratch {launch.ScratchBytes}{origins}\n");
                    foreach (var other in launch.Alternatives)
                    {
                        text.Append($"{indent}  or {Known(other.Kernel).Number} when {other.When} is not 0: dims [{string.Join(", ", other.Kernel.DimParameters)}] items {other.WorkItems}\n");
                    }

                    break;
                case CopyStep copy:
                    text.Append($"{indent}copy b{copy.Source.Id} to b{copy.Destination.Id}{origins}\n");
                    break;
                case BindDimStep bind:
                    text.Append($"{indent}bind {bind.Symbol} = b{bind.Scalar.Id}{origins}\n");
                    break;
                case IfStep branch:
                    text.Append($"{indent}if b{branch.Condition.Id} gives {Names(branch.Outputs)}{origins}\n");
                    Print(text, branch.Then, indent + "  ", kernels);
                    text.Append($"{indent}else\n");
                    Print(text, branch.Else, indent + "  ", kernels);
                    break;
                case LoopStep loop:
                    text.Append($"{indent}loop from {Names(loop.Initial)} gives {Names(loop.Outputs)}{origins}\n");
                    Print(text, loop.Body, indent + "  ", kernels);
                    break;
                default:
                    throw new InvalidOperationException($"unknown step {step.GetType().Name}");
            }
        }

        text.Append($"{indent}return {Names(program.Outputs)}\n");
    }

    private static string Names(IEnumerable<LoweredBuffer> buffers) => string.Join(", ", buffers.Select(b => $"b{b.Id}"));
}
