using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Mod: the sign of the divisor, or with <c>fmod</c> that of the dividend. Floats need <c>fmod</c>.</summary>
internal sealed class ModOperator : IOnnxOperator
{
    public string Type => "Mod";

    public void Import(OnnxNode node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        var isRemainder = node.Flag("fmod");
        node.SetOutput(0, isRemainder ? node.Emit(new Rem(), a, b) : node.Emit(new Mod(), a, b));
    }
}
