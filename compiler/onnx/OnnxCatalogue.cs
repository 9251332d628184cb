using Dlc.Compiler.Onnx.Operators;
using Dlc.Compiler.Onnx.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>Every ONNX operator that can be imported, and every one that is followed on known contents.</summary>
internal static class OnnxCatalogue
{
    /// <summary>Operators on data, one line each, in alphabetical order (so that two people who add some seldom meet in one line).</summary>
    private static readonly IOnnxOperator[] ImportedOperators =
    [
        new AddOperator(),
        new ReluOperator(),
        new ReshapeOperator(),
    ];

    /// <summary>Operators on known contents.</summary>
    private static readonly ISymbolicOperator[] FollowedOperators =
    [
        new ShapeOperator(),
    ];

    public static IReadOnlyDictionary<(string Domain, string Type), IOnnxOperator> Imported { get; } =
        ImportedOperators.ToDictionary(o => (o.Domain, o.Type));

    public static IReadOnlyDictionary<string, ISymbolicOperator> Followed { get; } =
        FollowedOperators.ToDictionary(o => o.Type, StringComparer.Ordinal);
}
