namespace Dlc.Compiler.Onnx.Operators;

/// <summary>An einsum equation with a label for each axis: letters by their code, axes of an ellipsis by negative numbers from the right.</summary>
internal sealed record EinsumEquation(IReadOnlyList<List<int>> Inputs, List<int> Output)
{
    /// <summary>Reads the equation for operands of these ranks.</summary>
    public static EinsumEquation Parse(OnnxNode node, string text, int[] ranks)
    {
        var sides = text.Replace(" ", string.Empty, StringComparison.Ordinal).Split("->");
        var terms = sides[0].Split(',');
        if (sides.Length > 2 || terms.Length != ranks.Length)
        {
            throw node.Error($"has an equation '{text}' that does not fit {ranks.Length} inputs");
        }

        var inputs = terms.Select((term, i) => Labels(node, text, term, ranks[i])).ToList();
        var ellipsis = inputs.SelectMany(l => l).Where(label => label < 0).Distinct().Order().ToList();
        List<int> output;
        if (sides.Length == 2)
        {
            output = Labels(node, text, sides[1], sides[1].Replace("...", string.Empty, StringComparison.Ordinal).Length + ellipsis.Count);
        }
        else
        {
            // Implicit: the ellipsis, then the letters that occur once, in alphabetical order.
            var counts = terms.SelectMany(t => t).Where(c => c != '.').CountBy(c => c);
            output = [.. ellipsis, .. counts.Where(c => c.Value == 1).Select(c => (int)c.Key).Order()];
        }

        var known = inputs.SelectMany(l => l).ToHashSet();
        if (output.Distinct().Count() != output.Count || output.Any(label => !known.Contains(label)))
        {
            throw node.Error($"has an equation '{text}' with an output that its inputs do not give");
        }

        return new EinsumEquation(inputs, output);
    }

    private static List<int> Labels(OnnxNode node, string text, string term, int rank)
    {
        var letters = term.Replace("...", string.Empty, StringComparison.Ordinal);
        var hidden = rank - letters.Length;
        var dots = term.IndexOf("...", StringComparison.Ordinal);
        if (!letters.All(char.IsAsciiLetter) || hidden < 0 || (dots < 0 && hidden > 0))
        {
            throw node.Error($"has an equation '{text}' whose '{term}' does not fit rank {rank}");
        }

        var labels = letters.Select(c => (int)c).ToList();
        if (dots >= 0)
        {
            labels.InsertRange(dots, Enumerable.Range(0, hidden).Select(i => i - hidden));
        }

        return labels;
    }
}
