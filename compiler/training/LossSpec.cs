using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Passes.Training;

namespace Dlc.Compiler.Training;

/// <summary>What <see cref="TrainingOptions.Loss"/> says.</summary>
/// <param name="Output">The output that is the loss, or the logits.</param>
/// <param name="Labels">The input of labels, for a cross-entropy; else null.</param>
internal sealed record LossSpec(string Output, string? Labels)
{
    private const string Function = "cross-entropy(";

    /// <exception cref="DlcException">The text is none of the two forms.</exception>
    public static LossSpec Parse(string text)
    {
        if (!text.StartsWith(Function, StringComparison.Ordinal))
        {
            return new LossSpec(text, null);
        }

        // Names may hold commas: labels are what stands behind the last.
        var comma = text.LastIndexOf(',');
        return text.EndsWith(')') && comma > Function.Length && comma < text.Length - 2
            ? new LossSpec(text[Function.Length..comma].Trim(), text[(comma + 1)..^1].Trim())
            : throw new DlcException(ErrorCodes.BadOption, $"expected cross-entropy(LOGITS,LABELS) as the loss, found '{text}'");
    }

    /// <summary>Makes the loss an output of the module's graph and gives its position.</summary>
    /// <exception cref="DlcException">There is no such output, or it is not of one element.</exception>
    public int AddTo(Module module)
    {
        var position = module.OutputNames.ToList().IndexOf(Output);
        if (position < 0)
        {
            throw new DlcException(ErrorCodes.BadOption,
                $"the model has no output '{Output}'; its outputs: {string.Join(", ", module.OutputNames.Select(n => $"'{n}'"))}");
        }

        if (Labels is null)
        {
            return position;
        }

        var graph = module.Main;
        var builder = new GraphBuilder(module, graph.Facts);
        foreach (var input in graph.Inputs)
        {
            builder.AddInput(input);
        }

        foreach (var node in graph.Nodes)
        {
            builder.Append(node);
        }

        var logits = graph.Outputs[position];
        if (logits.Type.Rank < 1)
        {
            throw new DlcException(ErrorCodes.BadOption, $"the logits '{Output}' should be [..., classes], found {logits.Type}");
        }

        var labels = graph.Inputs.FirstOrDefault(i => i.Name == Labels)
            ?? builder.Input(new TensorType(ElementType.Int64, new Shape(logits.Type.Shape.Dims[..^1])), Labels);
        var loss = CrossEntropy.Append(new OpWriter(builder, ["loss"]), logits, labels);
        module.OutputNames = [.. module.OutputNames, "loss"];
        module.Main = builder.Build([.. graph.Outputs, loss]);
        return graph.Outputs.Length;
    }
}
