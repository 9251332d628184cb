using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Scan as a loop over the scanned axis that takes slices at the iteration number. In operator set 8 everything has a leading batch axis, which is
/// one more such loop around it.
/// </summary>
internal sealed class ScanOperator : IOnnxOperator
{
    public string Type => "Scan";

    public void Import(OnnxNode node)
    {
        var graph = node.GraphAttribute("body");
        var scans = (int)Math.Clamp(node.Int("num_scan_inputs"), 0, int.MaxValue);
        var first = node.Opset < 9 ? 1 : 0;
        var states = node.InputCount - first - scans;
        if (scans < 1 || states < 0 || graph.Input.Count != states + scans || graph.Output.Count < states)
        {
            throw node.Error($"scans {scans} of {node.InputCount} inputs with a body of {graph.Input.Count} inputs and {graph.Output.Count} outputs");
        }

        if (first == 1 && node.HasInput(0))
        {
            throw node.Unsupported("sequence_lens");
        }

        var inputs = Enumerable.Range(first, states + scans).Select(node.Input).ToArray();
        var results = first == 0 ? Scan(node, node.Builder, graph, states, inputs) : ScanBatch(node, graph, states, inputs);
        for (var i = 0; i < results.Length; i++)
        {
            node.SetOutput(i, results[i]);
        }
    }

    private static Value[] ScanBatch(OnnxNode node, GraphProto graph, int states, Value[] inputs)
    {
        LoopImporter.Body Body(GraphBuilder builder, Value iteration, Value[] carried)
        {
            Value[] slices = [.. inputs.Select(i => builder.Add(new Gather(0), [i, iteration], [node.Origin]))];
            return new(True(builder), [], Scan(node, builder, graph, states, slices));
        }

        return Run(node, node.Builder, inputs[0].Type.Shape[0], [], Body);
    }

    private static Value[] Scan(OnnxNode node, GraphBuilder outer, GraphProto graph, int states, Value[] inputs)
    {
        var scanned = inputs[states..];
        var inputAxes = Numbers(node, "scan_input_axes", scanned.Length).Select((a, i) => node.Axis(a, scanned[i].Type.Rank)).ToArray();
        var inputDirections = Numbers(node, node.Opset < 9 ? "directions" : "scan_input_directions", scanned.Length);
        var length = scanned[0].Type.Shape[inputAxes[0]];
        for (var i = 1; i < scanned.Length; i++)
        {
            node.RequireEqual(length, scanned[i].Type.Shape[inputAxes[i]], "lengths of the scanned inputs");
        }

        LoopImporter.Body Body(GraphBuilder builder, Value iteration, Value[] carried)
        {
            var slices = new List<OnnxValue>(carried.Select(c => new OnnxValue(builder, c)));
            for (var i = 0; i < scanned.Length; i++)
            {
                var at = inputDirections[i] == 0 ? iteration
                    : builder.Add(new Sub(), [builder.Add(new DimTensor(ElementType.Int64, [], [length - 1]), []), iteration], [node.Origin]);
                slices.Add(new OnnxValue(builder, builder.Add(new Gather(inputAxes[i]), [scanned[i], at], [node.Origin])));
            }

            var outputs = RegionImporter.Import(node, graph, builder, slices);
            return new(True(builder), [.. outputs[..states].Select(o => o.Value)], [.. outputs[states..].Select(o => o.Value)]);
        }

        var results = Run(node, outer, length, inputs[..states], Body);
        var outputAxes = Numbers(node, "scan_output_axes", results.Length - states);
        var outputDirections = Numbers(node, "scan_output_directions", results.Length - states);
        for (var i = 0; i < outputAxes.Length; i++)
        {
            results[states + i] = Place(node, outer, results[states + i], length, outputDirections[i] != 0, outputAxes[i]);
        }

        return results;
    }

    private static Value[] Run(OnnxNode node, GraphBuilder outer, Dim length, Value[] initial, LoopImporter.ImportBody body)
    {
        var trips = outer.Add(new DimTensor(ElementType.Int64, [], [length]), [], [node.Origin]);
        var start = outer.Add(new Constant(Tensor.Scalar(ElementType.Bool, 1)), [], [node.Origin]);
        return new LoopImporter(node, outer).Run(trips, length, start, isStarted: true, initial, body);
    }

    /// <summary>Stacked slices in their order and along their axis.</summary>
    private static Value Place(OnnxNode node, GraphBuilder outer, Value stacked, Dim length, bool isReversed, long axis)
    {
        var rank = stacked.Type.Rank;
        if (isReversed)
        {
            var (zero, one) = (outer.Dims.Zero, outer.Dims.One);
            stacked = outer.Add(
                new Slice([length - 1, .. Enumerable.Repeat(zero, rank - 1)], [-one, .. Enumerable.Repeat(one, rank - 1)], stacked.Type.Shape),
                [stacked], [node.Origin]);
        }

        var place = node.Axis(axis, rank);
        if (place == 0)
        {
            return stacked;
        }

        var order = Enumerable.Range(1, rank - 1).ToList();
        order.Insert(place, 0);
        return outer.Add(new Transpose(order.ToValueList()), [stacked], [node.Origin]);
    }

    private static OnnxValue True(GraphBuilder builder) => new(builder, Tensor.Scalar(ElementType.Bool, 1), null);

    private static long[] Numbers(OnnxNode node, string attribute, int count)
    {
        var numbers = node.IntsOrNull(attribute) ?? new long[count];
        return numbers.Length == count ? numbers : throw node.Error($"expects {count} numbers as '{attribute}', found {numbers.Length}");
    }
}
