namespace Dlc.Runtime.Format;

/// <summary>The machine that the code image needs; checked when it is loaded.</summary>
/// <param name="Architecture"><c>x86-64</c>, <c>cuda</c>, or empty for an executable without code.</param>
/// <param name="Name">As the user named it: <c>x86-64-v3</c>, <c>native (znver5)</c>. For messages.</param>
/// <param name="Features">Every instruction set that the code uses.</param>
public sealed record TargetInfo(string Architecture, string Name, CpuFeatures Features)
{
    /// <summary>The architecture of NVIDIA's GPUs: code is PTX.</summary>
    public const string Cuda = "cuda";

    /// <summary>Of a GPU: the least compute capability that runs the code, times ten; from the name <c>cuda:sm_80</c>.</summary>
    public int Capability
    {
        get
        {
            int at = Name.IndexOf("sm_", StringComparison.Ordinal);
            string digits = at < 0 ? "" : new string([.. Name.AsSpan(at + 3).ToString().TakeWhile(char.IsAsciiDigit)]);
            return int.TryParse(digits, out int capability) ? capability : 0;
        }
    }

    /// <summary>Whether the code is for a GPU.</summary>
    public bool IsGpu => Architecture == Cuda;
}
