using Dlc.Compiler;
using Dlc.Peers;
using Dlc.Peers.Suite;
using Dlc.Tests.Unit.Ptx;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>ptxas accepts every kernel of small models, and their values fit registers.</summary>
public sealed class GpuAssemblyTests
{
    [PtxasTheory]
    [InlineData("bert-tiny", "sm_80")]
    [InlineData("gpt2-tiny-decode", "sm_90")]
    [InlineData("llama-tiny", "sm_90")]
    [InlineData("resnet-tiny", "sm_80")]
    public void Every_kernel_is_assembled_without_spills(string model, string target)
    {
        var suite = ModelSuite.ByName(model);
        Assert.Null(suite.Missing);
        var folder = Directory.CreateTempSubdirectory("dlc-ptx");
        try
        {
            DlcCompiler.Build(suite.Path, new CompileOptions { Target = $"cuda:{target}", DumpDirectory = folder.FullName });
            string[] files = [.. Directory.GetFiles(folder.FullName, "*.ptx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
            Assert.NotEmpty(files);
            var kernels = files.SelectMany(file => Ptxas.Assemble(File.ReadAllText(file), target)).ToList();
            Assert.True(kernels.Count >= files.Length);
            Assert.All(kernels, kernel => Assert.True(
                kernel.SpillStores == 0 && kernel.SpillLoads == 0,
                $"{kernel.Kernel} of {model} spills {kernel.SpillStores} bytes, with {kernel.Registers} registers"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
