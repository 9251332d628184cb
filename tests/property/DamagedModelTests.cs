using Dlc.Codegen.X86;
using Dlc.Compiler;
using Dlc.Compiler.Driver;
using Dlc.Compiler.Onnx;
using Dlc.IR.Diagnostics;
using Google.Protobuf;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Property;

/// <summary>Models with random bytes changed, removed or repeated are compiled or refused with a message, whatever is wrong with them.</summary>
public sealed class DamagedModelTests
{
    private const int Seeds = 120;

    [Fact]
    public void A_damaged_model_is_compiled_or_refused()
    {
        var models = new[] { ModelBuilder.Models.Bert(BertConfig.Tiny), ModelBuilder.Models.ResNet(ResNetConfig.Tiny) }.Select(m => m.ToByteArray()).ToArray();
        var refused = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var bytes = Damage(models[seed % models.Length], new Random(seed));
            try
            {
                var module = CompileDriver.RunPasses(() => OnnxImporter.Import(bytes), new CompileOptions(), null);
                Passes.Lowering.Lowering.Run(module.Main, CpuTarget.V3.Machine);
            }
            catch (InternalCompilerException e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
            catch (DlcException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Seeds / 4, Seeds - 1);
    }

    /// <summary>Bytes before the weights mostly: that is where names, types and attributes are.</summary>
    private static byte[] Damage(byte[] model, Random random)
    {
        var bytes = model.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(2) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(bytes.Count, 20_000));
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.Insert(at, (byte)random.Next(256)); break;
                case 4: bytes[at] = (byte)(bytes[at] + 1); break;
                default: bytes.RemoveRange(at, Math.Min(random.Next(50), bytes.Count - at)); break;
            }
        }

        return [.. bytes];
    }
}
