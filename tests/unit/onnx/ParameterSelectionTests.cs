using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Diagnostics;
using Xunit;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Which initializers are trained.</summary>
public sealed class ParameterSelectionTests
{
    private readonly TestModel _model = new();

    [Theory]
    [InlineData("MatMul x w -> y", "w")]
    [InlineData("Add x w -> y", "w")]
    [InlineData("BatchNormalization x w b mean variance -> y", "b,w")]
    [InlineData("Resize x roi scales -> y", "")]
    [InlineData("Pow x w -> y", "")]
    [InlineData("Mul x model.inv_freq -> y", "")]
    public void Weights_are_and_settings_are_not(string node, string expected)
    {
        var all = node.Split(' ')[2..^2];
        Assert.Equal(expected, Selected(all.ToDictionary(n => n, _ => new long[] { 4 }), [node]));
    }

    [Theory]
    [InlineData("w", "Mul x w -> y")]
    [InlineData("", "Add x b -> y")]
    [InlineData("b", "MatMul x v -> h", "Add h b -> y")]
    [InlineData("b", "MatMul x v -> h", "Add b h -> y")]
    [InlineData("b,w", "Conv x w b -> y")]
    [InlineData("b,w", "Gemm x w b -> y")]
    [InlineData("s", "PRelu x s -> y")]
    [InlineData("s", "Unsqueeze s axes -> t", "PRelu x t -> y")]
    public void Single_numbers_are_where_an_operator_takes_them_as_weights(string expected, params string[] nodes)
    {
        Dictionary<string, long[]> initializers = new() { ["w"] = [4, 1, 1], ["b"] = [1], ["s"] = [1], ["scalar"] = [] };
        Assert.Equal(expected, Selected(initializers, nodes, nodes.SelectMany(n => n.Split(' ')).Contains));
    }

    [Fact]
    public void Patterns_decide_where_rules_would_not()
    {
        Dictionary<string, long[]> initializers = new() { ["temperature"] = [], ["w"] = [4], ["v"] = [4] };
        Assert.Equal("temperature,v", Selected(initializers, ["Mul w v -> h", "Div h temperature -> y"], null,
            new ParameterSelection { Freeze = ["w"], Unfreeze = ["temp*"] }));
        var error = Assert.Throws<DlcException>(() => Selected(initializers, ["Mul w v -> y"], null, new ParameterSelection { Unfreeze = ["nothing*"] }));
        Assert.Contains("'nothing*'", error.Message, StringComparison.Ordinal);
    }

    private string Selected(Dictionary<string, long[]> initializers, string[] nodes, Predicate<string>? isThere = null, ParameterSelection? selection = null)
    {
        foreach (var (name, dims) in initializers.Where(i => isThere?.Invoke(i.Key) ?? i.Key != "x"))
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Float };
            tensor.Dims.AddRange(dims);
            _model.Graph.Initializer.Add(tensor);
        }

        foreach (var node in nodes)
        {
            _model.Node(node);
        }

        return string.Join(',', (selection ?? new ParameterSelection()).Of(_model.Graph).Order(StringComparer.Ordinal));
    }
}
