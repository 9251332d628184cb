namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX SequenceMap: the body once for each element, with the elements of further sequences beside it and further tensors as they are.</summary>
internal sealed class SequenceMapOperator : IOnnxOperator
{
    public string Type => "SequenceMap";

    public void Import(OnnxNode node)
    {
        var body = node.GraphAttribute("body");
        var length = node.Sequence(0).Count;
        var arguments = Enumerable.Range(0, node.InputCount).Select(node.AnyArgument).ToArray();
        if (arguments.Any(a => a.Items is { } items && items.Count != length))
        {
            throw node.Error("expects sequences of one length");
        }

        var results = Enumerable.Range(0, node.OutputCount).Select(_ => new List<OnnxValue>()).ToArray();
        for (var i = 0; i < length; i++)
        {
            var outputs = RegionImporter.Import(node, body, node.Builder, [.. arguments.Select(a => a.Items?[i] ?? a)]);
            if (outputs.Length != results.Length)
            {
                throw node.Error($"has {results.Length} outputs, but a body with {outputs.Length}");
            }

            for (var o = 0; o < outputs.Length; o++)
            {
                results[o].Add(outputs[o]);
            }
        }

        for (var o = 0; o < results.Length; o++)
        {
            node.SetOutput(o, new OnnxValue(results[o]));
        }
    }
}
