using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Max, Min, Sum and Mean: an operator of two inputs folded over any number of them.</summary>
internal sealed class VariadicOperator(string type, Op op) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var inputs = node.Inputs();
        if (inputs.Length == 0)
        {
            throw node.Error("needs at least one input");
        }

        if (inputs.Length == 1)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        var result = inputs[0];
        foreach (var input in inputs[1..])
        {
            result = node.Emit(op, result, input);
        }

        node.SetOutput(0, type == "Mean" ? node.Over(result, inputs.Length) : result);
    }
}
