using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Passes;
using Dlc.Passes.Scheduling;
using Xunit;

namespace Dlc.Tests.Unit.Simplification;

public sealed class CheckSizesTests : PassTestBase
{
    [Fact]
    public void A_tensor_beyond_64_bits_is_refused_by_its_nodes_name()
    {
        var x = Input("N", 1);
        var node = Graph.AddNode(new Broadcast(Shape("N", 1L << 62)), [x], default, ["wide"]);
        var graph = Graph.Build([node.Outputs[0]]);
        var error = Assert.Throws<DlcException>(() => new PassManager(Context).Run(new CheckSizes(), graph));
        Assert.Equal(ErrorCodes.BadDim, error.Code);
        Assert.Contains("node 'wide'", error.Message, StringComparison.Ordinal);
        Assert.Contains("f32[N, 4611686018427387904]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_beyond_64_bits_is_refused_by_its_name()
    {
        var graph = Graph.Build([Graph.Add(new Tanh(), [Input(1L << 31, 1L << 31)])]);
        var error = Assert.Throws<DlcException>(() => new PassManager(Context).Run(new CheckSizes(), graph));
        Assert.Contains("input 'x'", error.Message, StringComparison.Ordinal);
    }
}
