using System.Globalization;
using Dlc.Compiler.Driver;
using Dlc.Compiler.Onnx;
using Dlc.Compiler.Training;
using Dlc.Runtime.Format;

namespace Dlc.Compiler;

/// <summary>Compiles training steps.</summary>
internal static class TrainingCompiler
{
    /// <summary>Compiles what <paramref name="build"/> gives; the executable carries the initial parameters.</summary>
    public static Compilation Run(Func<ImportOptions, TrainingGraph> build, TrainingOptions training, CompileOptions options)
    {
        TrainingGraph? graph = null;
        var compilation = CompileDriver.Run(
            () => (graph = build(options.ToImportOptions())).Model.Module,
            options with { MarksEvictions = true });
        var executable = compilation.Executable;
        var constants = executable.Constants.ToList();
        var parameters = graph!.Model.Parameters.ToDictionary(p => p.Input);
        var entries = new List<TrainingInfo.Entry>();
        foreach (var state in graph.Step.States)
        {
            var constant = -1;
            if (state.Parameter == state.Input)
            {
                constant = constants.Count;
                constants.Add(ConstantData.From(parameters[state.Input].Read().Memory));
            }

            entries.Add(new TrainingInfo.Entry(state.Name, state.Parameter?.Name, constant));
        }

        var info = new TrainingInfo
        {
            Loss = graph.Step.OutputNames[0],
            Labels = LossSpec.Parse(training.Loss).Labels,
            Optimizer = OptimizerSpec.Describe(training.Optimizer),
            LearningRate = training.Optimizer.LearningRate,
            AccumulationSteps = training.AccumulationSteps,
            States = entries,
        };
        executable = (executable with { Constants = [.. constants] }).WithProperty(TrainingInfo.Property, info.ToString());
        return compilation.With(executable, Describe(graph, info));
    }

    private static string Describe(TrainingGraph graph, TrainingInfo info)
    {
        var values = graph.Model.Parameters.Sum(p => p.Input.Type.Shape.ToNumbers().Aggregate(1L, (a, b) => a * b));
        var frozen = graph.Frozen.Count == 0 ? "" : $"; the loss does not depend on {string.Join(", ", graph.Frozen.Select(n => $"'{n}'"))}";
        return string.Create(CultureInfo.InvariantCulture, $"{graph.Model.Parameters.Count} parameters of {values:N0} numbers, {info.Optimizer}{frozen}");
    }
}
