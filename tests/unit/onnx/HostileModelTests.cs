using System.Diagnostics;
using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Google.Protobuf;
using Xunit;
using static Dlc.Tests.Unit.Onnx.TestModel;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Whatever a file holds, the importer answers with a module or with one <see cref="DlcException"/> that is no compiler bug.</summary>
public sealed class HostileModelTests
{
    private static DlcException Fails(string code, Func<Module> import)
    {
        var error = Assert.ThrowsAny<DlcException>(import);
        Assert.True(error.Code == code, $"{error.Code} instead of {code}: {error.Message}");
        return error;
    }

    private static void SurvivesImport(byte[] bytes)
    {
        try
        {
            OnnxImporter.Import(bytes);
        }
        catch (DlcException e) when (e is not InternalCompilerException)
        {
            Assert.StartsWith("DLC", e.Code, StringComparison.Ordinal);
        }
    }

    private static TestModel Sample()
    {
        var body = Subgraph("i go v", "go v2", NodeOf("Add v v -> v2"));
        return new TestModel().Floats("x", "N", "8").Longs("t", 0, 4, -1).Long("two", 2).Node("Reshape x t -> y").Node("Loop two _ y -> z", Body("body", body))
            .Node("Softmax z -> w", Int("axis", -1)).Node("Transpose w -> v", Ints("perm", 0, 2, 1)).Node("Shape v -> s").Node("ConstantOfShape s -> q")
            .Node("MatMul w q -> r").Output("r");
    }

    [Fact]
    public void Truncated_files_are_refused()
    {
        var bytes = Sample().Proto.ToByteArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            SurvivesImport(bytes[..length]);
        }
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            SurvivesImport(bytes);
        }
    }

    [Fact]
    public void Damaged_files_do_no_harm()
    {
        var random = new Random(11);
        var good = Sample().Proto.ToByteArray();
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            SurvivesImport(bytes);
        }
    }

    [Fact]
    public void A_claim_of_2_GB_allocates_nothing()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var shape in (long[][])[[1L << 31], [1L << 20, 1L << 20], [int.MaxValue, 1]])
        {
            var model = new TestModel().Floats("x", "1").Node("Add x c -> y").Output("y");
            model.Graph.Initializer.Add(new TensorProto { Name = "c", DataType = (int)DataType.Float, Dims = { shape }, RawData = ByteString.CopyFrom(1, 2, 3, 4) });
            Fails(ErrorCodes.BadTensorFile, () => model.Import());
        }

        // A length prefix that claims 2 GB.
        Fails(ErrorCodes.BadModel, () => OnnxImporter.Import(new byte[] { 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1, 2, 3 }));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void Dims_beyond_64_bits_are_refused()
    {
        var model = new TestModel().Floats("x", "9223372036854775807", "4").Longs("t", -1).Node("Reshape x t -> y").Output("y");
        Fails(ErrorCodes.BadDim, () => model.Import());
        var tile = new TestModel().Floats("x", "N").Longs("t", long.MaxValue).Node("Tile x t -> y").Node("Tile y t -> z").Output("z");
        Fails(ErrorCodes.BadDim, () => tile.Import());
        SurvivesImport(new TestModel().Longs("s", long.MaxValue, long.MaxValue).Node("ConstantOfShape s -> y").Output("y").Proto.ToByteArray());
        SurvivesImport(new TestModel().Floats("x", "N").Longs("p", long.MaxValue, long.MaxValue).Node("Pad x p -> y").Output("y").Proto.ToByteArray());
    }

    [Fact]
    public void A_chain_of_100000_nodes_takes_linear_time()
    {
        TestModel Chain(int length)
        {
            var model = new TestModel().Floats("v0", "N");
            for (var i = 0; i < length; i++)
            {
                model.Node($"Neg v{i} -> v{i + 1}");
            }

            return model.Output($"v{length}");
        }

        var watch = Stopwatch.StartNew();
        var module = Chain(100_000).Import();
        Assert.Equal(100_000, module.Main.Nodes.Length);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void A_chain_that_is_written_backwards_is_put_in_order()
    {
        var model = new TestModel().Floats("v0", "N");
        for (var i = 20_000 - 1; i >= 0; i--)
        {
            model.Node($"Neg v{i} -> v{i + 1}");
        }

        Assert.Equal(20_000, model.Output("v20000").Import().Main.Nodes.Length);
    }

    [Fact]
    public void Graphs_that_make_no_sense_are_named()
    {
        Assert.Contains("cycle", Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N").Node("Add x b -> a").Node("Add x a -> b").Output("b").Import()).Message, StringComparison.Ordinal);
        Assert.Contains("'nowhere'", Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N").Node("Add x nowhere -> a").Output("a").Import()).Message, StringComparison.Ordinal);
        Assert.Contains("'a'", Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N").Node("Neg x -> a").Node("Neg x -> a").Output("a").Import()).Message, StringComparison.Ordinal);
        Assert.Contains("'gone'", Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N").Output("gone").Import()).Message, StringComparison.Ordinal);
        Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N").Floats("x", "N").Output("x").Import());
        Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "-5").Output("x").Import());
    }

    [Fact]
    public void An_attribute_of_the_wrong_type_names_node_and_types()
    {
        var error = Fails(ErrorCodes.BadModel, () => new TestModel().Floats("x", "N", "M").Node("Transpose x -> y", Float("perm", 1)).Output("y").Import());
        foreach (var word in (string[])["'y'", "Transpose", "'perm'", "INTS", "FLOAT"])
        {
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_unsupported_operators_are_listed_at_once()
    {
        var error = Fails(ErrorCodes.Unsupported, () => new TestModel().Floats("x", "N").Node("Frob x -> a").Node("my.domain.Knit a -> b").Node("Frob b -> c")
            .Node("Neg c -> d").Output("d").Import());
        foreach (var word in (string[])["Frob: 'a', 'c'", "my.domain.Knit: 'b'"])
        {
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_unsupported_operator_that_nothing_needs_is_no_matter() =>
        new TestModel().Floats("x", "N").Node("Frob x -> a").Node("Neg x -> y").Output("y").Import();

    [Theory]
    [InlineData(DataType.String)]
    [InlineData(DataType.Complex64)]
    [InlineData((DataType)99)]
    public void Types_without_an_equal_are_unsupported(DataType type) =>
        Fails(ErrorCodes.Unsupported, () => new TestModel().Input("x", type, "N").Node("Identity x -> y").Output("y").Import());

    [Fact]
    public void Sequences_are_unsupported()
    {
        var model = new TestModel().Output("y").Node("Identity x -> y");
        model.Graph.Input.Add(new ValueInfoProto { Name = "x", Type = new TypeProto { SequenceType = new() { ElemType = new() { TensorType = new() { ElemType = 1 } } } } });
        Fails(ErrorCodes.Unsupported, () => model.Import());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void Foreign_operator_sets_are_refused(long opset) =>
        Assert.ThrowsAny<DlcException>(() => new TestModel(opset).Floats("x", "N").Node("Neg x -> y").Output("y").Import());

    [Fact]
    public void Functions_that_call_themselves_or_multiply_end_in_an_error()
    {
        var recursive = new TestModel().Floats("x", "N").Node("f.A x -> y").Output("y");
        recursive.Proto.Functions.Add(Function("A", "f.B a -> b"));
        recursive.Proto.Functions.Add(Function("B", "f.A a -> b"));
        Assert.Contains("calls itself", Fails(ErrorCodes.BadModel, () => recursive.Import()).Message, StringComparison.Ordinal);

        // Forty functions of two calls each: 2^40 nodes.
        var bomb = new TestModel().Floats("x", "N").Node("f.F0 x -> y").Output("y");
        for (var i = 0; i < 40; i++)
        {
            bomb.Proto.Functions.Add(Function($"F{i}", $"f.F{i + 1} a -> c", $"f.F{i + 1} c -> b"));
        }

        bomb.Proto.Functions.Add(Function("F40", "Neg a -> b"));
        Fails(ErrorCodes.BadModel, () => bomb.Import(new ImportOptions { MaximumNodes = 10_000 }));
    }

    internal static FunctionProto Function(string name, params string[] nodes)
    {
        var function = new FunctionProto { Domain = "f", Name = name, Input = { "a" }, Output = { "b" } };
        function.Node.AddRange(nodes.Select(n => NodeOf(n)));
        function.OpsetImport.Add(new OperatorSetIdProto { Domain = string.Empty, Version = 21 });
        return function;
    }
}
