using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Onnx;

public sealed class OnnxImporterTests
{
    [Fact]
    public void Reshape_by_own_shape_leaves_no_shape_arithmetic()
    {
        var module = new TestModel().Floats("x", "B", "S", "8").Node("Shape x -> s").Node("Reshape x s -> y").Node("Add y y -> z").Output("z").Import();
        Assert.Equal(["Reshape", "Add"], module.Main.Nodes.Select(n => n.Op.Name));
        Assert.Equal("f32[B, S, 8]", module.Main.Outputs[0].Type.ToString());
        Assert.Equal(["z"], module.OutputNames);
    }

    [Fact]
    public void A_shape_that_is_an_output_becomes_data()
    {
        var module = new TestModel().Floats("x", "B", "8").Node("Shape x -> s").Output("s").Import();
        var op = Assert.IsType<DimTensor>(Assert.Single(module.Main.Nodes).Op);
        Assert.Equal("[B, 8]", op.Elements.ToString());
    }
}
