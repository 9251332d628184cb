using Dlc.Codegen.Ptx;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.Peers;
using Dlc.Peers.Suite;
using Dlc.Tests.Gpu;
using Dlc.Tests.Unit.Ptx;
using Xunit;
using Xunit.Abstractions;
using LaunchStep = Dlc.IR.Kernels.LaunchStep;

namespace Dlc.Tests.Models;

/// <summary>ptxas accepts every kernel of small models, and their values fit registers.</summary>
public sealed class GpuAssemblyTests(ITestOutputHelper output)
{
    [PtxasTheory]
    [InlineData(ElementType.Float32, "sm_80")]
    [InlineData(ElementType.Float32, "sm_80+tf32")]
    [InlineData(ElementType.Float16, "sm_80")]
    [InlineData(ElementType.BFloat16, "sm_80")]
    [InlineData(ElementType.Float32, "sm_90")]
    [InlineData(ElementType.Float32, "sm_90+tf32")]
    [InlineData(ElementType.Float16, "sm_90")]
    [InlineData(ElementType.BFloat16, "sm_90")]
    public void Products_of_any_type_and_layout_are_assembled_without_spills(ElementType type, string name)
    {
        var target = PtxTarget.Parse(name);
        foreach (var (transposesA, transposesB) in new[] { (false, false), (false, true), (true, false) })
        {
            var (program, _, _) = GpuProductTests.Build(type, 1, 1, 1, transposesA, transposesB, target);
            var kernels = program.Steps.OfType<LaunchStep>().SelectMany(l => l.Alternatives.Select(a => a.Kernel).Prepend(l.Kernel)).ToList();
            var image = PtxCompiler.Compile(kernels, target, 2);
            foreach (var (kernel, code) in kernels.Zip(image.Kernels))
            {
                var result = Assert.Single(Ptxas.Assemble(PtxLaunch.Text(image, code.Narrow), target.Processor));
                var tile = kernel.ToString().Split("tile t0: ") is [_, var text] ? text.Split('=')[0].Trim() : "sums";
                output.WriteLine($"{type} {tile}, A {(transposesA ? "transposed" : "plain")}, B {(transposesB ? "transposed" : "plain")}: "
                    + $"{result.Registers} registers, {code.Narrow.SharedBytes} bytes of shared memory");
                Assert.True(result.SpillStores == 0 && result.SpillLoads == 0, $"{tile} of {type} spills {result.SpillStores} bytes with {result.Registers} registers");
            }
        }
    }

    [PtxasTheory]
    [InlineData("bert-tiny", "sm_80+tf32")]
    [InlineData("gpt2-tiny-decode", "sm_90")]
    [InlineData("llama-tiny", "sm_90")]
    [InlineData("resnet-tiny", "sm_80")]
    public void Every_kernel_is_assembled_without_spills(string model, string target)
    {
        var suite = ModelSuite.ByName(model);
        Assert.Null(suite.Missing);
        Assemble(target, options => DlcCompiler.Build(suite.Path, options));
    }

    [PtxasFact]
    public void Every_kernel_of_a_bfloat16_decoder_is_assembled_without_spills() => Assemble("sm_90", options =>
        DlcCompiler.Build(BuiltModels.Get("llama-tiny-bf16", () => ModelBuilder.Models.Llama(ModelBuilder.LlamaConfig.Tiny with { IsBfloat16 = true })), options));

    [PtxasFact]
    public void Every_kernel_of_a_training_step_is_assembled_without_spills() => Assemble("sm_80", options => DlcCompiler.BuildTraining(
        ModelBuilder.Models.Llama(ModelBuilder.LlamaConfig.Tiny with { Layers = 1 }),
        new TrainingOptions { Loss = "cross-entropy(logits,labels)", ClipNorm = 1 }, options));

    private void Assemble(string target, Action<CompileOptions> compile)
    {
        var folder = Directory.CreateTempSubdirectory("dlc-ptx");
        try
        {
            compile(new CompileOptions { Target = $"cuda:{target}", DumpDirectory = folder.FullName });
            string[] files = [.. Directory.GetFiles(folder.FullName, "*.ptx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
            Assert.NotEmpty(files);
            var kernels = files.AsParallel().AsOrdered().SelectMany(file => Ptxas.Assemble(File.ReadAllText(file), target.Split('+')[0])).ToList();
            Assert.True(kernels.Count >= files.Length);
            var largest = kernels.MaxBy(k => k.Registers)!;
            output.WriteLine($"{kernels.Count} kernels; {largest.Kernel} has the most registers, {largest.Registers}");
            Assert.All(kernels, kernel => Assert.True(
                kernel.SpillStores == 0 && kernel.SpillLoads == 0, $"{kernel.Kernel} spills {kernel.SpillStores} bytes, with {kernel.Registers} registers"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
