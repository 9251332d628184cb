using Dlc.Codegen.X86;
using Dlc.Compiler.Onnx;
using Dlc.IR;
using Dlc.IR.Text;
using Dlc.Passes;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Unit.Text;

public sealed class PipelineTextTests
{
    [Theory]
    [InlineData("bert-tiny")]
    [InlineData("gpt2-tiny-decode")]
    [InlineData("llama-tiny-decode")]
    [InlineData("resnet-tiny")]
    public void Whole_models_read_back_before_and_after_the_passes(string name)
    {
        var module = OnnxImporter.Import(ModelBuilder.Models.ByName[name]());
        RoundTrip(module);
        new PassManager(new PassContext(CpuTarget.V3.Machine)).Run(module, Pipeline.Create());
        RoundTrip(module);
    }

    private static void RoundTrip(Module module)
    {
        var resources = new TensorResources();
        var text = GraphPrinter.Print(module, resources);
        var again = GraphParser.Parse(text, resources);
        Assert.Equal(text, GraphPrinter.Print(again, resources));
        Verifier.Verify(again.Main);
    }
}
