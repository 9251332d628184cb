using Dlc.Compiler.Onnx.Proto;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>ResNet (He et al., 2015; stride in the 3x3 convolution) with BatchNormalization left unfolded; batch, height and width are dynamic.</summary>
internal static class ResNet
{
    public static ModelProto Build(ResNetConfig config)
    {
        var g = new GraphBuilder("resnet", opset: 17, config.Seed);
        var x = g.Input("input", DataType.Float, "batch", "3", "height", "width");
        x = g.Add("Relu", [ConvNorm(g, x, "conv1", 3, config.Channels, kernel: 7, stride: 2, gain: 1)]);
        x = g.Add("MaxPool", [x], ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));

        var channels = config.Channels;
        for (var stage = 0; stage < config.Blocks.Count; stage++)
        {
            var inner = config.Channels << stage;
            for (var block = 0; block < config.Blocks[stage]; block++)
            {
                using var _ = g.Scope($"layer{stage + 1}.{block}");
                x = Bottleneck(g, x, channels, inner, stride: block == 0 && stage > 0 ? 2 : 1);
                channels = 4 * inner;
            }
        }

        x = g.Add("Flatten", [g.Add("GlobalAveragePool", [x])], ("axis", 1L));
        using var __ = g.Scope("fc");
        var weight = g.Weight("weight", [config.Classes, channels], 1 / Math.Sqrt(channels));
        var logits = g.Add("Gemm", [x, weight, g.Weight("bias", [config.Classes], 0.05)], ("alpha", 1f), ("beta", 1f), ("transB", 1L));
        g.Output("output", logits, DataType.Float, "batch", $"{config.Classes}");
        return g.Finish();
    }

    private static string Bottleneck(GraphBuilder g, string x, int channels, int inner, int stride)
    {
        var y = g.Add("Relu", [ConvNorm(g, x, "conv1", channels, inner, kernel: 1, stride: 1, gain: 1)]);
        y = g.Add("Relu", [ConvNorm(g, y, "conv2", inner, inner, kernel: 3, stride, gain: 1)]);

        // A small gain on the last norm keeps sixteen residual sums from growing.
        y = ConvNorm(g, y, "conv3", inner, 4 * inner, kernel: 1, stride: 1, gain: 0.3);
        var skip = channels == 4 * inner && stride == 1 ? x : ConvNorm(g, x, "downsample", channels, 4 * inner, kernel: 1, stride, gain: 0.7);
        return g.Add("Relu", [g.Add("Add", [y, skip])]);
    }

    private static string ConvNorm(GraphBuilder g, string x, string name, int inputs, int outputs, int kernel, int stride, double gain)
    {
        using var _ = g.Scope(name);
        long pad = kernel / 2;

        // He initialisation: a variance of 2 / fan-in keeps the variance through Relu.
        var weight = g.Weight("weight", [outputs, inputs, kernel, kernel], Math.Sqrt(2.0 / (inputs * kernel * kernel)));
        var y = g.Add(
            "Conv", [x, weight],
            ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }),
            ("pads", new[] { pad, pad, pad, pad }), ("dilations", new long[] { 1, 1 }), ("group", 1L));
        var scale = g.Weight("bn.weight", [outputs], 0.1 * gain, mean: gain);
        var shift = g.Weight("bn.bias", [outputs], 0.1);
        var mean = g.Weight("bn.running_mean", [outputs], 0.1);
        var variance = g.Weight("bn.running_var", [outputs], 0.1, mean: 1);
        return g.Add("BatchNormalization", [y, scale, shift, mean, variance], ("epsilon", 1e-5f), ("momentum", 0.9f));
    }
}
