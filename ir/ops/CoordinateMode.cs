namespace Dlc.IR.Ops;

/// <summary>
/// Where in the input an output index <c>i</c> of a <see cref="Resize"/> lies (ONNX coordinate_transformation_mode): <c>n</c> is the input's extent,
/// <c>m = n * scale</c> the output's before rounding down.
/// </summary>
public enum CoordinateMode : byte
{
    /// <summary><c>(i + 0.5) / scale - 0.5</c>.</summary>
    HalfPixel,

    /// <summary>HalfPixel, shifted so that the centres agree when m is rounded down.</summary>
    HalfPixelSymmetric,

    /// <summary>HalfPixel, but 0 where the output's extent is 1.</summary>
    PytorchHalfPixel,

    /// <summary><c>i * (n - 1) / (m - 1)</c>.</summary>
    AlignCorners,

    /// <summary><c>i / scale</c>.</summary>
    Asymmetric,

    /// <summary><c>(i + 0.5) / scale</c>, for nearest elements (ONNX opset 11 and 12).</summary>
    TfHalfPixelForNearest,

    /// <summary>Between the start and the end that the region of interest gives, as fractions of <c>n - 1</c>.</summary>
    CropAndResize,
}
