using Dlc.Codegen.Ptx;
using Dlc.Codegen.X86;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Driver;

/// <summary>Reads what the user calls a target.</summary>
public static class TargetName
{
    /// <summary>
    /// <c>cpu</c>, <c>cpu:x86-64-v3</c>, <c>cpu:x86-64-v4</c> or <c>cpu:native</c>; <c>cuda</c> (sm_80), <c>cuda:sm_80</c> or <c>cuda:sm_90</c>, with
    /// <c>+tf32</c> behind it where f32 products may use tensor cores.
    /// </summary>
    /// <exception cref="DlcException">Another text, or this processor is too old.</exception>
    public static CompileTarget Parse(string text)
    {
        try
        {
            if (text == "cuda" || text.StartsWith("cuda:", StringComparison.Ordinal))
            {
                return CompileTarget.Of(PtxTarget.Parse(text == "cuda" ? "sm_80" : text[5..]));
            }

            var level = text == "cpu" ? "native" : text.StartsWith("cpu:", StringComparison.Ordinal) ? text[4..] : "";
            return CompileTarget.Of(CpuTarget.Parse(level));
        }
        catch (ArgumentException)
        {
            throw new DlcException(ErrorCodes.BadOption,
                $"unknown target '{text}'; expected cpu, cpu:x86-64-v3, cpu:x86-64-v4, cpu:native, cuda:sm_80 or cuda:sm_90");
        }
        catch (PlatformNotSupportedException e)
        {
            throw new DlcException(ErrorCodes.BadOption, $"{e.Message}; name a target to compile for another machine, e.g. cpu:x86-64-v3");
        }
    }
}
