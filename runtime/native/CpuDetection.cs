using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Native;

/// <summary>Which instruction sets this processor and its operating system offer.</summary>
public static class CpuDetection
{
    private static readonly Lazy<CpuFeatures> Cached = new(Detect);

    /// <summary>What this machine can execute; None where it is no x86-64.</summary>
    public static CpuFeatures Features => Cached.Value;

    /// <summary>Checks a target against this machine.</summary>
    /// <exception cref="DlcRuntimeException">UnsupportedCpu, with the instruction sets that are missing.</exception>
    public static void Check(TargetInfo target)
    {
        if (target.Architecture.Length == 0 || target.IsGpu)
        {
            return;
        }

        if (target.Architecture != "x86-64" || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedCpu, "the executable was compiled for another processor", target.Architecture, $"{RuntimeInformation.ProcessArchitecture}");
        }

        var missing = target.Features & ~Features;
        if (missing != 0)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedCpu, $"this processor lacks instruction sets that the executable was compiled for ({target.Name})", $"{target.Features}", $"no {missing}");
        }
    }

    private static CpuFeatures Detect()
    {
        if (!X86Base.IsSupported)
        {
            return CpuFeatures.None;
        }

        int leaves = X86Base.CpuId(0, 0).Eax;
        var (_, _, c1, _) = X86Base.CpuId(1, 0);
        var (_, b7, c7, d7) = leaves >= 7 ? X86Base.CpuId(7, 0) : default;
        int a71 = leaves >= 7 && X86Base.CpuId(7, 0).Eax >= 1 ? X86Base.CpuId(7, 1).Eax : 0;
        var (_, _, cx, _) = X86Base.CpuId(unchecked((int)0x80000001), 0);
        var found = CpuFeatures.None;

        void Add(int register, int bit, CpuFeatures feature)
        {
            if (((register >> bit) & 1) != 0)
            {
                found |= feature;
            }
        }

        Add(c1, 20, CpuFeatures.Sse42);
        Add(c1, 22, CpuFeatures.Movbe);
        Add(c1, 23, CpuFeatures.Popcnt);
        Add(b7, 3, CpuFeatures.Bmi1);
        Add(b7, 8, CpuFeatures.Bmi2);
        Add(cx, 5, CpuFeatures.Lzcnt);

        // The BCL looks at XGETBV: without it the system does not save the wide registers.
        if (Avx.IsSupported)
        {
            Add(c1, 28, CpuFeatures.Avx);
            Add(c1, 12, CpuFeatures.Fma);
            Add(c1, 29, CpuFeatures.F16c);
            Add(b7, 5, CpuFeatures.Avx2);
            Add(a71, 4, CpuFeatures.AvxVnni);
        }

        if (Avx512F.IsSupported)
        {
            Add(b7, 16, CpuFeatures.Avx512F);
            Add(b7, 17, CpuFeatures.Avx512DQ);
            Add(b7, 21, CpuFeatures.Avx512Ifma);
            Add(b7, 28, CpuFeatures.Avx512CD);
            Add(b7, 30, CpuFeatures.Avx512BW);
            Add(b7, 31, CpuFeatures.Avx512VL);
            Add(c7, 1, CpuFeatures.Avx512Vbmi);
            Add(c7, 6, CpuFeatures.Avx512Vbmi2);
            Add(c7, 11, CpuFeatures.Avx512Vnni);
            Add(c7, 12, CpuFeatures.Avx512Bitalg);
            Add(c7, 14, CpuFeatures.Avx512Vpopcntdq);
            Add(d7, 23, CpuFeatures.Avx512Fp16);
            Add(a71, 5, CpuFeatures.Avx512Bf16);

            // AMX is not among them: Linux wants each process to ask for it first.
        }

        return found;
    }
}
