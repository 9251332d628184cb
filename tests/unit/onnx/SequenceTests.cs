using Dlc.Compiler.Onnx;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Xunit;
using static Dlc.Tests.Unit.Onnx.TestModel;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Sequences and optionals that live and end at import.</summary>
public sealed class SequenceTests
{
    private static float[] Run(TestModel model, params Tensor[] inputs) => new GraphEvaluator(model.Import()).Run(inputs)[0].Span<float>().ToArray();

    private static Tensor Floats(params float[] values) => Tensor.FromSpan<float>(ElementType.Float32, values, values.Length);

    [Fact]
    public void Elements_are_inserted_erased_and_taken() => Assert.Equal([3f], Run(new TestModel().Floats("a", "N").Floats("b", "N").Long("zero", 0).Long("last", -1)
        .Node("SequenceConstruct a -> s").Node("SequenceInsert s b zero -> t").Node("SequenceInsert t a -> u").Node("SequenceErase u last -> v")
        .Node("SequenceAt v zero -> x").Node("SequenceAt v last -> y").Node("Sub x y -> z").Output("z"), Floats(1), Floats(4)));

    [Fact]
    public void A_split_is_mapped_and_joined()
    {
        var body = Subgraph("e k", "f", NodeOf("Mul e k -> f"));
        Assert.Equal([2f, 4, 6, 8, 10], Run(new TestModel().Floats("x", "5").Floats("k", "1").Long("two", 2).Node("SplitToSequence x two -> s")
            .Node("SequenceMap s k -> t", Body("body", body)).Node("ConcatFromSequence t -> y", Int("axis", 0)).Output("y"), Floats(1, 2, 3, 4, 5), Floats(2)));
    }

    [Fact]
    public void An_optional_without_a_value_takes_the_other_branch()
    {
        var then = Subgraph("", "t", NodeOf("OptionalGetElement o -> t"));
        var otherwise = Subgraph("", "e", NodeOf("Neg x -> e"));
        TestModel Model(string optional) => new TestModel().Floats("x", "N").Node(optional).Node("OptionalHasElement o -> has")
            .Node("If has -> y", Body("then_branch", then), Body("else_branch", otherwise)).Output("y");
        Assert.Equal([-1f], Run(Model("Optional _ -> o"), Floats(1)));
        Assert.Equal([1f], Run(Model("Optional x -> o"), Floats(1)));
    }

    [Theory]
    [InlineData("SequenceConstruct x -> y", ErrorCodes.Unsupported)]
    [InlineData("SequenceAt x zero -> y", ErrorCodes.BadModel)]
    public void Sequences_at_the_border_are_refused(string node, string code) => Assert.Equal(code,
        Assert.ThrowsAny<DlcException>(() => new TestModel().Floats("x", "N").Long("zero", 0).Node(node).Output("y").Import()).Code);

    [Fact]
    public void A_sequence_is_no_tensor()
    {
        var error = Assert.ThrowsAny<DlcException>(() =>
            new TestModel().Floats("x", "N").Node("SequenceConstruct x -> s").Node("Add s x -> y").Output("y").Import());
        Assert.Equal(ErrorCodes.Unsupported, error.Code);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void A_position_outside_of_the_sequence_is_an_error(long position) => Assert.Equal(ErrorCodes.BadModel, Assert.ThrowsAny<DlcException>(() =>
        new TestModel().Floats("x", "N").Long("p", position).Node("SequenceConstruct x -> s").Node("SequenceAt s p -> y").Output("y").Import()).Code);
}
