namespace Dlc.Runtime;

/// <summary>Stable codes of <see cref="DlcRuntimeException"/>.</summary>
public static class RuntimeErrors
{
    /// <summary>The file can't be opened or read.</summary>
    public const string FileAccess = "DLC-R001";

    /// <summary>The file is not a dlc executable.</summary>
    public const string ForeignFile = "DLC-R002";

    /// <summary>The file was written by a newer (or much older) format version.</summary>
    public const string FormatVersion = "DLC-R003";

    /// <summary>The file is shorter than it says.</summary>
    public const string Truncated = "DLC-R004";

    /// <summary>A checksum or an offset does not hold.</summary>
    public const string Damaged = "DLC-R005";

    /// <summary>The contents contradict themselves: an index out of range, a slot defined twice.</summary>
    public const string InvalidModel = "DLC-R006";

    /// <summary>The processor lacks an instruction set that the code needs.</summary>
    public const string UnsupportedCpu = "DLC-R007";

    /// <summary>The operating system refused memory.</summary>
    public const string OutOfMemory = "DLC-R008";

    /// <summary>There is no GPU to run on, or no driver for it, or it lacks what the code needs.</summary>
    public const string UnsupportedDevice = "DLC-R009";

    /// <summary>A GPU or its driver reports an error.</summary>
    public const string DeviceFailure = "DLC-R010";

    /// <summary>A name that is no input or output of the model.</summary>
    public const string UnknownName = "DLC-R101";

    /// <summary>An input was not given.</summary>
    public const string MissingInput = "DLC-R102";

    /// <summary>The element type differs.</summary>
    public const string WrongType = "DLC-R103";

    /// <summary>The number of axes differs.</summary>
    public const string WrongRank = "DLC-R104";

    /// <summary>A dim differs from what the model fixes, or from another axis of the same symbol.</summary>
    public const string WrongDim = "DLC-R105";

    /// <summary>Dims break a guard of the compiled code.</summary>
    public const string BrokenGuard = "DLC-R106";

    /// <summary>A dim comes out negative.</summary>
    public const string NegativeDim = "DLC-R107";

    /// <summary>A size overflows 64 bits, or a size computation divides by zero.</summary>
    public const string DimOverflow = "DLC-R108";

    /// <summary>The memory given for an input or output is too small.</summary>
    public const string BufferTooSmall = "DLC-R109";

    /// <summary>A check inside a kernel failed (an index out of range, for instance).</summary>
    public const string KernelCheck = "DLC-R110";

    /// <summary>A tensor given by the user is not dense and row-major, or is not allowed here.</summary>
    public const string WrongLayout = "DLC-R111";

    /// <summary>Dims are needed that were not given by name.</summary>
    public const string MissingDims = "DLC-R112";

    /// <summary>The memory limit is below what the run needs at least.</summary>
    public const string MemoryLimit = "DLC-R113";
}
