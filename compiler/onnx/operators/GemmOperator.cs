using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Gemm: <c>alpha * A' * B' + beta * C</c>, either matrix transposed where asked; C broadcasts to the result and may be missing.</summary>
internal sealed class GemmOperator : IOnnxOperator
{
    public string Type => "Gemm";

    public void Import(OnnxNode node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        if (a.Type.Rank != 2 || b.Type.Rank != 2)
        {
            throw node.Error($"expects two matrices, found {a.Type} and {b.Type}");
        }

        a = node.Flag("transA") ? node.Transposed(a) : a;
        b = node.Flag("transB") ? node.Transposed(b) : b;
        var y = node.Times(node.Multiplied(a, b), node.Float("alpha", 1));
        var beta = node.Float("beta", 1);
        if (node.OptionalInput(2) is { } c && beta != 0)
        {
            y = node.Plus(y, node.Times(c, beta));
        }

        node.SetOutput(0, y);
    }
}
