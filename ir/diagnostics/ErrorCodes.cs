namespace Dlc.IR.Diagnostics;

/// <summary>The stable codes of user errors. A code is never reused for another meaning.</summary>
public static class ErrorCodes
{
    /// <summary>The inputs of an operator do not fit it: types, ranks, dims or attributes.</summary>
    public const string BadOperands = "DLC2001";

    /// <summary>A dim that two places fix to different values, or a size that leaves 64 bits.</summary>
    public const string BadDim = "DLC2002";

    /// <summary>Operators between a parameter and the loss that have no derivative; the message lists all of them.</summary>
    public const string NoDerivative = "DLC2003";

    /// <summary>The model file cannot be read: truncated, not ONNX, a cycle, a missing value.</summary>
    public const string BadModel = "DLC1001";

    /// <summary>External data is missing, outside the model's folder or too short.</summary>
    public const string BadExternalData = "DLC1002";

    /// <summary>Operators, types or opsets that are not supported; the message lists all of them.</summary>
    public const string Unsupported = "DLC1003";

    /// <summary>A tensor file (.npy, .npz, .pb) that is damaged or of a kind that cannot be read.</summary>
    public const string BadTensorFile = "DLC1004";

    /// <summary>A file that cannot be read or written.</summary>
    public const string BadFile = "DLC1005";

    /// <summary>Text IR that does not parse.</summary>
    public const string BadText = "DLC3001";

    /// <summary>A tool the compiler needs (libLLVM) is missing or of the wrong version.</summary>
    public const string MissingTool = "DLC4001";

    /// <summary>Something in the target or options that cannot be.</summary>
    public const string BadOption = "DLC4002";

    /// <summary>Inputs of a run that do not fit the model.</summary>
    public const string BadInput = "DLC5001";
}
