using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX MaxPool (with its indices), AveragePool and LpPool of <c>[N, C, spatial...]</c>.</summary>
internal sealed class PoolOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        ValueList<long> kernel = [.. node.Ints("kernel_shape")];
        var spatial = Spatial.Read(node, x.Type.Shape, [.. kernel.Items.Select(node.Dims.Const)], isPool: true);
        var (strides, dilations, begin, end) = spatial;
        var isCeiling = node.Flag("ceil_mode");
        switch (type)
        {
            case "MaxPool":
                node.SetOutput(0, node.Emit(new MaxPool(kernel, strides, dilations, begin, end, isCeiling), x));
                if (node.HasOutput(1))
                {
                    var isColumnMajor = node.Flag("storage_order");
                    node.SetOutput(1, node.Emit(new MaxPoolIndices(kernel, strides, dilations, begin, end, isCeiling, isColumnMajor), x));
                }

                break;
            case "AveragePool":
                var countsPadding = node.Flag("count_include_pad");
                node.SetOutput(0, node.Emit(new AveragePool(kernel, strides, dilations, begin, end, isCeiling, countsPadding), x));
                break;
            case "LpPool":
                var p = node.Opset == 1 ? (long)node.Float("p", 2) : node.Int("p", 2);
                node.SetOutput(0, node.Emit(new LpPool(kernel, strides, dilations, begin, end, isCeiling, p), x));
                break;
            default:
                throw new InvalidOperationException($"no operator {type}");
        }
    }
}
