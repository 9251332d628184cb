namespace Dlc.IR.Ops;

/// <summary>The schedule that a <see cref="Fused"/> group is lowered with.</summary>
public enum FusionKind : byte
{
    /// <summary>One loop nest over the outputs' common shape; everything else is inlined.</summary>
    Loop,

    /// <summary>A loop over rows; reductions along the trailing axes and elementwise work of a row are stitched in one kernel.</summary>
    Row,

    /// <summary>A matrix product with views of its operands and an elementwise epilogue.</summary>
    MatMul,

    /// <summary>A convolution with an elementwise epilogue.</summary>
    Conv,

    /// <summary>
    /// Two matrix products with elementwise work and a softmax over the last axis between them, with views of their operands and an elementwise epilogue. The
    /// first product is the scores of keys for queries, the second one weighs values; nothing between them leaves the kernel.
    /// </summary>
    Attention,
}
