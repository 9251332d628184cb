using System.Diagnostics;
using Dlc.Compiler.Driver;
using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.Compiler.Training;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;

namespace Dlc.Compiler;

/// <summary>
/// The compiler, embedded: one compilation serves every shape of the model. Errors of the model or the options are
/// <see cref="DlcException"/>s; an <see cref="InternalCompilerException"/> is a bug of the compiler.
/// </summary>
/// <example><code>
/// using var model = DlcCompiler.Compile("model.onnx");
/// using var session = model.CreateSession();
/// var y = session.Run(("x", tensor));
/// </code></example>
public static class DlcCompiler
{
    /// <summary>Compiles an ONNX file and loads the result.</summary>
    public static CompiledModel Compile(string path, CompileOptions? options = null) => Build(path, options).Load();

    /// <summary>Compiles an ONNX model from memory and loads the result.</summary>
    public static CompiledModel Compile(ReadOnlyMemory<byte> model, CompileOptions? options = null) => Build(model, options).Load();

    /// <summary>Compiles a graph built in this process (see <see cref="GraphBuilder"/>) and loads the result: the hook for a just-in-time use.</summary>
    public static CompiledModel Compile(Module module, CompileOptions? options = null) => Build(module, options).Load();

    /// <summary>Compiles an ONNX file to a <c>.dlcx</c> file, which <see cref="CompiledModel.Load"/> runs without the compiler.</summary>
    public static CompileReport CompileToFile(string path, string output, CompileOptions? options = null)
    {
        return Save(Build(path, options), output, options);
    }

    /// <summary>Compiles the training step of an ONNX file to a <c>.dlcx</c> file, which holds the initial parameters too; see <see cref="TrainingSession.Open"/>.</summary>
    public static CompileReport CompileTrainingToFile(string path, TrainingOptions training, string output, CompileOptions? options = null) =>
        Save(BuildTraining(path, training, options), output, options);

    private static CompileReport Save(Compilation compilation, string output, CompileOptions? options)
    {
        options?.Progress?.Invoke(new CompileProgress(CompileStages.Write));
        var start = Stopwatch.GetTimestamp();
        compilation.Save(output);
        var write = new StageTime(CompileStages.Write, Stopwatch.GetElapsedTime(start));
        return compilation.Report with { Stages = [.. compilation.Report.Stages, write] };
    }

    /// <summary>Compiles an ONNX file.</summary>
    public static Compilation Build(string path, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new CompileOptions();
        return CompileDriver.Run(() => OnnxImporter.Import(path, options.ToImportOptions()), options);
    }

    /// <summary>Compiles an ONNX model from memory.</summary>
    public static Compilation Build(ReadOnlyMemory<byte> model, CompileOptions? options = null)
    {
        options ??= new CompileOptions();
        return CompileDriver.Run(() => OnnxImporter.Import(model, options.ToImportOptions()), options);
    }

    /// <summary>Compiles a graph built in this process.</summary>
    public static Compilation Build(Module module, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        return CompileDriver.Run(() => module, options ?? new CompileOptions());
    }

    /// <summary>Compiles the training step of an ONNX file and opens it for training from the file's parameters.</summary>
    public static TrainingSession CompileTraining(string path, TrainingOptions training, CompileOptions? options = null) =>
        new(BuildTraining(path, training, options).Load());

    /// <summary>Compiles the training step of an ONNX file; <see cref="TrainingSession"/> runs it.</summary>
    public static Compilation BuildTraining(string path, TrainingOptions training, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(training);
        return TrainingCompiler.Run(own => TrainingGraph.Build(path, training, own), training, options ?? new CompileOptions());
    }

    /// <summary>Compiles the training step of an ONNX model that is parsed already.</summary>
    public static Compilation BuildTraining(ModelProto model, TrainingOptions training, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        return TrainingCompiler.Run(own => TrainingGraph.Build(model, training, own), training, options ?? new CompileOptions());
    }
}
