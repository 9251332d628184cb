namespace Dlc.Conformance;

/// <summary>How far a <see cref="ReferenceEngine"/> takes a model through the compiler.</summary>
internal enum ReferenceStage
{
    /// <summary>The imported graph, by the operators' reference semantics.</summary>
    Reference,

    /// <summary>The graph after all passes, by the same.</summary>
    Passes,

    /// <summary>The lowered kernels, by the kernel interpreter.</summary>
    Kernels,
}
