using System.Runtime.InteropServices;
using Dlc.Compiler;
using Dlc.Gpu;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using Dlc.Tests.Unit.Compilation;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>What is sent to machines with a GPU does there what it should: run here in the PTX interpreter.</summary>
public sealed class BundleTests
{
    private const int Width = 24;

    [Fact]
    public void A_case_passes_with_the_right_outputs_and_fails_with_others()
    {
        var folder = Directory.CreateTempSubdirectory("bundle-").FullName;
        try
        {
            var path = Path.Combine(folder, "x.case");
            var input = Enumerable.Range(0, 2 * Width).Select(i => MathF.Sin(i)).ToArray();
            using var reference = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(true));
            using var session = reference.CreateSession();
            var output = session.Run(("x", InputTensor.From(input, 2, Width)))[0].ToArray<float>();
            DlcCompiler.Build(MemoryLimitTests.ForthAndBack(true), new CompileOptions { Target = "cuda:sm_80" }).Save(Path.ChangeExtension(path, ".dlcx"));
            BundleTensor Tensor(string name, float[] values) => new(name, ScalarType.F32, [2, Width], MemoryMarshal.AsBytes<float>(values).ToArray());
            void Write(float[] expected)
            {
                using var file = File.Create(path);
                new BundleCase(1e-3, 1e-4, [([Tensor("x", input)], [Tensor("y", expected)])]).Write(file);
            }

            using var device = new PtxDevice();
            Write(output);
            Assert.Null(Dlc.Gpu.Conformance.Problem(path, device));
            output[7] += 0.5f;
            Write(output);
            Assert.Contains("element 7", Dlc.Gpu.Conformance.Problem(path, device), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Weights_that_are_left_out_are_made_up_again()
    {
        var model = DlcCompiler.Build(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_80" }).Executable;
        var large = model with { Constants = [.. model.Constants.Select(c => c.Length > 100 ? ConstantData.From(new byte[128 << 10]) : c)] };
        var restored = Stripped.Restore(Stripped.Strip(large));
        Assert.Equal(large.Constants.Select(c => c.Length), restored.Constants.Select(c => c.Length));
        Assert.True(Stripped.Strip(large).Constants.Sum(c => c.Length) < 128 << 10);
        var trained = model with { Constants = [.. model.Constants, ConstantData.From(new byte[8])] };
        Assert.Equal(0, Stripped.Restore(Stripped.Strip(trained)).Constants[^1].Length);
    }
}
