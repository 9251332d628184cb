using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Text;
using Dlc.Passes;
using Xunit;

namespace Dlc.Tests.Unit.Lowering;

public sealed class StateUpdateTests
{
    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    /// <summary>State %0, input %1; outputs, and what updates %0.</summary>
    [Theory]
    [InlineData("%2 = Add(%0, %1) : f32[N] #0 return %2 update 0 of 0", 0)] // written in place
    [InlineData("%2 = Add(%0, %1) : f32[N] #0 %3 = Mul(%0, %2) : f32[N] #1 return %2, %3 update 0 of 0", 0)] // one kernel reads both
    [InlineData("%2 = Neg(%1) : f32[N] #0 return %2, %0 update 0 of 0", 2)] // the old content is wanted too
    [InlineData("return %1 update 0 of 0", 2)] // from another input
    [InlineData("return %0 update 0 of 0", 0)] // stays as it is
    [InlineData("return %1, %0 update 0 of 0 update 1 of 1", 4)] // change places
    public void TheOldContentIsReadBeforeTheNewOneIsWritten(string body, int copies)
    {
        var module = GraphParser.Parse($"module \"m\" {{ symbol N graph(%0 \"state\": f32[N], %1 \"x\": f32[N]) {{ {body} }} }}");
        module.Main = new PassManager(new PassContext(Machine)).Run(new Dlc.Passes.Fusion.FuseLoops(), module.Main);
        float[] state = [1, 2, 3];
        float[] x = [10, 20, 30];
        Tensor[] inputs = [Tensor.FromSpan<float>(ElementType.Float32, state, [3]), Tensor.FromSpan<float>(ElementType.Float32, x, [3])];
        var expected = new GraphEvaluator(module).Run(inputs);

        var program = Passes.Lowering.Lowering.Run(module.Main, Machine);
        var actual = new ProgramInterpreter(module.Dims).Run(program, inputs);
        Assert.True(program.Steps.OfType<CopyStep>().Count() <= copies, $"{program.Steps.OfType<CopyStep>().Count()} copies");
        foreach (var (update, index) in program.Updates.Select((u, i) => (u, i)))
        {
            Assert.Equal(module.Main.Updates[index], update);
            Assert.Same(program.Inputs[update.Input], program.Outputs[update.Output].AliasOf);
        }

        for (var o = 0; o < expected.Count; o++)
        {
            for (var e = 0; e < 3; e++)
            {
                Assert.Equal(expected[o].GetDouble(e), actual[o].GetDouble(e));
            }
        }
    }
}
