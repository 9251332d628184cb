using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.Passes.Autodiff;
using Dlc.Passes.Training;

namespace Dlc.Compiler.Training;

/// <summary>The training step of an ONNX model, before any other pass. Parameters are inputs: their data is not read.</summary>
/// <param name="Model">The module, whose main graph is the step, and the parameters with a way to their initial values.</param>
/// <param name="Step">What lives from step to step.</param>
/// <param name="Frozen">Initializers that look like parameters but that the loss does not depend on; they are constants.</param>
public sealed record TrainingGraph(TrainableModel Model, TrainingStep Step, IReadOnlyList<string> Frozen)
{
    /// <summary>Builds the step of a model file.</summary>
    public static TrainingGraph Build(string path, TrainingOptions training, ImportOptions? options = null) =>
        Build(own => OnnxImporter.ImportTrainable(path, own), training, options);

    /// <summary>Builds the step of a model that is parsed already; its initializers may be without data.</summary>
    public static TrainingGraph Build(ModelProto model, TrainingOptions training, ImportOptions? options = null) =>
        Build(own => OnnxImporter.ImportTrainable(model, own), training, options);

    private static TrainingGraph Build(Func<ImportOptions, TrainableModel> import, TrainingOptions training, ImportOptions? options)
    {
        var spec = LossSpec.Parse(training.Loss);
        var selection = new ParameterSelection { Freeze = training.Freeze, Unfreeze = training.Unfreeze };
        while (true)
        {
            var model = import((options ?? new ImportOptions()) with { Parameters = selection });
            var loss = spec.AddTo(model.Module);
            var values = model.Parameters.Select(p => p.Input).ToList();
            var reached = GradientGraph.Reached(model.Module.Main, loss, values);
            var idle = values.Where(v => !reached.Contains(v)).Select(v => v.Name!).ToList();
            if (idle.Count > 0 && idle.Count < values.Count)
            {
                // What the loss does not depend on (an unused head) stays a constant, which passes remove.
                selection = selection with { Except = [.. selection.Except, .. idle] };
                continue;
            }

            var step = TrainingStep.Build(model.Module, loss, values, new TrainingStepOptions
            {
                Optimizer = training.Optimizer,
                ClipNorm = training.ClipNorm,
                AccumulationSteps = training.AccumulationSteps,
            });
            return new TrainingGraph(model, step, [.. selection.Except]);
        }
    }
}
