using Dlc.Compiler;
using Dlc.Passes.Training;
using Dlc.Runtime;
using ModelBuilder;

namespace Dlc.Bench.Llama;

/// <summary>Compiles training steps of Llama models, as they are measured: cross-entropy, AdamW.</summary>
internal static class LlamaStep
{
    /// <summary>How a step is trained.</summary>
    public static TrainingOptions Training { get; } = new() { Loss = "cross-entropy(logits,labels)", Optimizer = new AdamW { LearningRate = 1e-3 } };

    /// <summary>Writes the model to a file; weights that are only declared take no room there.</summary>
    public static string Write(LlamaConfig config, string folder)
    {
        var path = Path.Combine(folder, config.IsBfloat16 ? "llama-bf16.onnx" : "llama.onnx");
        OnnxFile.Write(Models.Llama(config), path);
        return path;
    }

    /// <summary>Compiles the step for all dims, or for one.</summary>
    /// <param name="path">The model.</param>
    /// <param name="keepsOrder">Leave the operations in the order in which they come.</param>
    /// <param name="dims">The only dims that the step is for; null for all.</param>
    public static CompiledModel Compile(string path, bool keepsOrder, (long Batch, long Sequence)? dims = null)
    {
        var options = new CompileOptions
        {
            KeepOrder = keepsOrder,
            Dims = dims is { } d ? [$"batch={d.Batch}", $"sequence={d.Sequence}"] : [],
        };
        return DlcCompiler.BuildTraining(path, Training, options).Load();
    }
}
