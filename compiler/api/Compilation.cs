using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler;

/// <summary>A finished compilation: the executable in memory, and how it came about.</summary>
public sealed class Compilation
{
    internal Compilation(ExecutableModel executable, CompileReport report, Module module, LoweredProgram program)
    {
        Executable = executable;
        Report = report;
        Module = module;
        Program = program;
    }

    /// <summary>What the runtime loads.</summary>
    public ExecutableModel Executable { get; }

    /// <summary>Figures of the compilation.</summary>
    public CompileReport Report { get; }

    /// <summary>The graph after all passes, its symbols and facts.</summary>
    public Module Module { get; }

    /// <summary>The kernels and their launches.</summary>
    public LoweredProgram Program { get; }

    /// <summary>The same compilation as that of a training step, with more in the executable.</summary>
    internal Compilation With(ExecutableModel executable, string training) =>
        new(executable, Report with { ConstantBytes = executable.Constants.Sum(c => c.Length), Training = training }, Module, Program);

    /// <summary>Loads the executable in this process.</summary>
    /// <exception cref="DlcRuntimeException">The code is for another processor, or memory ran out.</exception>
    public CompiledModel Load() => CompiledModel.FromModel(Executable);

    /// <summary>Writes the executable to a file.</summary>
    /// <exception cref="DlcRuntimeException">The file cannot be written.</exception>
    public void Save(string path) => ExecutableWriter.Write(Executable, path);
}
