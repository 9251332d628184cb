using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX HannWindow, HammingWindow and BlackmanWindow: <c>a0 + a1*cos(2*pi*i/n) + a2*cos(4*pi*i/n)</c>, n being the size, or one less where the window
/// is symmetric.
/// </summary>
internal sealed class WindowOperator(string type, double a0, double a1, double a2) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var size = node.TargetShape(0).ElementCount(node.Dims);
        var output = node.Element("output_datatype", ElementType.Float32);
        var compute = Arithmetic.Wide(output);
        var i = node.Emit(new Iota(compute, [size], 0));
        var n = node.Number(node.Flag("periodic", true) ? size : size - 1, compute);
        var angle = node.Over(node.Times(i, 2 * Math.PI), n);
        var window = node.Plus(node.Times(node.Emit(new Cos(), angle), a1), a0);
        if (a2 != 0)
        {
            window = node.Plus(window, node.Times(node.Emit(new Cos(), node.Times(angle, 2)), a2));
        }

        node.SetOutput(0, node.As(window, output));
    }
}
