using Dlc.Codegen.X86;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Driver;

/// <summary>Reads what the user calls a target.</summary>
public static class TargetName
{
    /// <summary><c>cpu</c>, <c>cpu:x86-64-v3</c>, <c>cpu:x86-64-v4</c> or <c>cpu:native</c>.</summary>
    /// <exception cref="DlcException">Another text, or this processor is too old.</exception>
    public static CpuTarget Parse(string text)
    {
        var level = text == "cpu" ? "native" : text.StartsWith("cpu:", StringComparison.Ordinal) ? text[4..] : "";
        try
        {
            return CpuTarget.Parse(level);
        }
        catch (ArgumentException)
        {
            throw new DlcException(ErrorCodes.BadOption, $"unknown target '{text}'; expected cpu, cpu:x86-64-v3, cpu:x86-64-v4 or cpu:native");
        }
        catch (PlatformNotSupportedException e)
        {
            throw new DlcException(ErrorCodes.BadOption, $"{e.Message}; name a target to compile for another machine, e.g. cpu:x86-64-v3");
        }
    }
}
