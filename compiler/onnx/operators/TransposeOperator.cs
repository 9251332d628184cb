using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Transpose: reorders axes, by default to the reverse.</summary>
internal sealed class TransposeOperator : IOnnxOperator
{
    public string Type => "Transpose";

    public void Import(OnnxNode node)
    {
        var rank = node.InputType(0).Rank;
        var permutation = node.IntsOrNull("perm") is { } given
            ? node.Axes(given, rank) : [.. Enumerable.Range(0, rank).Reverse()];
        if (permutation.Length != rank)
        {
            throw node.Error($"expects a permutation of {rank} axes, found {permutation.Length}");
        }

        node.SetOutput(0, node.Emit(new Transpose([.. permutation]), node.Input(0)));
    }
}
