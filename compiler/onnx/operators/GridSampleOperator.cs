using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX GridSample.</summary>
internal sealed class GridSampleOperator : IOnnxOperator
{
    public string Type => "GridSample";

    public void Import(OnnxNode node)
    {
        var mode = node.String("mode", "linear") switch
        {
            "linear" or "bilinear" => ResizeMode.Linear,
            "cubic" or "bicubic" => ResizeMode.Cubic,
            "nearest" => ResizeMode.Nearest,
            var other => throw node.Error($"expects mode linear, cubic or nearest, found '{other}'"),
        };
        var padding = node.String("padding_mode", "zeros") switch
        {
            "zeros" => GridPadding.Zeros,
            "border" => GridPadding.Border,
            "reflection" => GridPadding.Reflection,
            var other => throw node.Error($"expects padding_mode zeros, border or reflection, found '{other}'"),
        };
        node.SetOutput(0, node.Emit(new GridSample(mode, padding, node.Flag("align_corners")), node.Input(0), node.Input(1)));
    }
}
