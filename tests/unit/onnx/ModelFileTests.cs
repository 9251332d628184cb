using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Google.Protobuf;
using Xunit;
using static Dlc.Tests.Unit.Onnx.TestModel;
using AttributeType = Dlc.Compiler.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataLocation = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataLocation;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using ElementType = Dlc.IR.ElementType;
using Relation = Dlc.IR.Symbolic.Relation;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Initializers, external data, dims and functions.</summary>
public sealed class ModelFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-model-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static float[] Run(Module module, params Tensor[] inputs) => new GraphEvaluator(module).Run(inputs)[0].Span<float>().ToArray();

    private static Tensor Floats(params float[] values) => Tensor.FromSpan<float>(ElementType.Float32, values, values.Length);

    private string Write(params (string Key, string Value)[] external)
    {
        var inside = Directory.CreateDirectory(Path.Combine(_folder, "model")).FullName;
        var model = new TestModel().Floats("x", "2").Node("Add x w -> y").Output("y");
        var weight = new TensorProto { Name = "w", DataType = (int)DataType.Float, Dims = { 2 }, DataLocation = DataLocation.External };
        weight.ExternalData.AddRange(external.Select(e => new StringStringEntryProto { Key = e.Key, Value = e.Value }));
        model.Graph.Initializer.Add(weight);
        var path = Path.Combine(inside, "m.onnx");
        File.WriteAllBytes(path, model.Proto.ToByteArray());
        File.WriteAllBytes(Path.Combine(inside, "w.bin"), [9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64]);
        File.WriteAllBytes(Path.Combine(_folder, "secret.bin"), new byte[64]);
        return path;
    }

    [Fact]
    public void External_data_is_read_at_its_offset() => Assert.Equal([11f, 12], Run(OnnxImporter.Import(Write(("location", "w.bin"), ("offset", "4"), ("length", "8"))), Floats(10, 10)));

    [Theory]
    [InlineData("location=../secret.bin")]
    [InlineData("location=a/../../secret.bin")]
    [InlineData("location=/etc/passwd")]
    [InlineData("location=missing.bin")]
    [InlineData("location=")]
    [InlineData("offset=0")]
    [InlineData("location=w.bin;offset=8")]
    [InlineData("location=w.bin;offset=-1")]
    [InlineData("location=w.bin;offset=9223372036854775807")]
    [InlineData("location=w.bin;offset=99999999999999999999")]
    [InlineData("location=w.bin;length=4")]
    [InlineData("location=link.bin")]
    [InlineData("location=folder/secret.bin")]
    [InlineData("location=loop.bin")]
    public void External_data_that_is_missing_or_outside_is_refused(string entries)
    {
        var path = Write([.. entries.Split(';').Select(e => (e.Split('=')[0], e.Split('=')[1]))]);
        var inside = Path.GetDirectoryName(path)!;
        File.CreateSymbolicLink(Path.Combine(inside, "link.bin"), Path.Combine(_folder, "secret.bin"));
        Directory.CreateSymbolicLink(Path.Combine(inside, "folder"), _folder);
        File.CreateSymbolicLink(Path.Combine(inside, "loop.bin"), "loop.bin");
        var error = Assert.ThrowsAny<DlcException>(() => OnnxImporter.Import(path));
        Assert.Equal(ErrorCodes.BadExternalData, error.Code);
        Assert.Contains("'w'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_stays_inside_is_followed()
    {
        var path = Write(("location", "alias.bin"), ("offset", "4"));
        File.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(path)!, "alias.bin"), "w.bin");
        Assert.Equal([11f, 12], Run(OnnxImporter.Import(path), Floats(10, 10)));
    }

    [Fact]
    public void A_model_from_memory_reads_no_files() => Assert.Equal(ErrorCodes.BadExternalData,
        Assert.ThrowsAny<DlcException>(() => OnnxImporter.Import(File.ReadAllBytes(Write(("location", "w.bin"))))).Code);

    [Fact]
    public void Missing_files_and_folders_are_user_errors()
    {
        Assert.Equal(ErrorCodes.BadModel, Assert.ThrowsAny<DlcException>(() => OnnxImporter.Import(Path.Combine(_folder, "none.onnx"))).Code);
        Assert.Equal(ErrorCodes.BadModel, Assert.ThrowsAny<DlcException>(() => OnnxImporter.Import(_folder)).Code);
    }

    [Fact]
    public void An_initializer_that_is_an_input_too_is_a_constant()
    {
        var module = new TestModel().Floats("x", "N").Input("c", DataType.Int64, "1").Longs("c", 3).Node("Cast c -> f", Int("to", 1)).Node("Add x f -> y").Output("y").Import();
        Assert.Single(module.Main.Inputs);
        Assert.Equal([4f], Run(module, Floats(1)));
    }

    [Fact]
    public void Dims_are_symbols_by_name_or_by_input_and_axis()
    {
        var module = new TestModel().Floats("x", "N", "", "0", "-1", "5").Floats("y", "N", "x.1").Node("Identity x -> a").Node("Identity y -> b").Output("a", "b").Import();
        Assert.Equal("f32[N, \"x.1'\", \"x.2\", \"x.3\", 5]", module.Main.Inputs[0].Type.ToString());
        Assert.Equal("f32[N, \"x.1\"]", module.Main.Inputs[1].Type.ToString());
    }

    [Fact]
    public void What_the_user_says_of_dims_is_known_and_guarded()
    {
        var options = new ImportOptions { Dims = [DimSpec.Parse("N=4"), DimSpec.Parse("S=1..512,%8,~128|256")] };
        var module = new TestModel().Floats("x", "N", "S").Node("Neg x -> y").Output("y").Import(options);
        Assert.Equal("f32[4, S]", module.Main.Outputs[0].Type.ToString());
        var s = module.Dims.Symbol("S");
        Assert.Equal(Proof.True, module.Facts.ProveLessOrEqual(s, 512));
        Assert.Equal(Proof.True, module.Facts.ProveDivisible(s, 8));
        Assert.Equal([128L, 256], module.Facts.Likely(s));
        Assert.Contains(module.Facts.Guards, g => g.Relation == Relation.Divisible);
        Assert.Equal(ErrorCodes.BadOption, Assert.ThrowsAny<DlcException>(() =>
            new TestModel().Floats("x", "N").Output("x").Import(new ImportOptions { Dims = [DimSpec.Parse("M=4")] })).Code);
    }

    [Theory]
    [InlineData("N")]
    [InlineData("=4")]
    [InlineData("N=")]
    [InlineData("N=a")]
    [InlineData("N=5..4")]
    [InlineData("N=%0")]
    [InlineData("N=-1")]
    [InlineData("N=99999999999999999999")]
    public void Dim_specs_that_say_nothing_are_refused(string text) =>
        Assert.Equal(ErrorCodes.BadOption, Assert.ThrowsAny<DlcException>(() => DimSpec.Parse(text)).Code);

    [Fact]
    public void Outputs_keep_their_names_also_where_they_are_one_value()
    {
        var module = new TestModel().Floats("x", "N").Node("Identity x -> a").Node("Neg x -> b").Node("Identity b -> c").Output("a", "b", "c").Import();
        Assert.Equal(["a", "b", "c"], module.OutputNames);
        Assert.Same(module.Main.Outputs[1], module.Main.Outputs[2]);
    }

    [Fact]
    public void Functions_are_inlined_with_their_attributes_and_left_out_inputs()
    {
        var model = new TestModel().Floats("x", "N").Node("f.Outer x -> y", Float("slope", 0.5f)).Output("y");
        var inner = HostileModelTests.Function("Inner", "Clip a _ top -> c", "LeakyRelu c -> b");
        inner.Input.Add("top");
        inner.Attribute.Add("alpha");
        inner.Node[1].Attribute.Add(new AttributeProto { Name = "alpha", RefAttrName = "alpha", Type = AttributeType.Float });
        var outer = HostileModelTests.Function("Outer", "f.Inner a _ -> b");
        outer.AttributeProto.Add(new AttributeProto { Name = "slope", Type = AttributeType.Float, F = 9 });
        outer.Node[0].Attribute.Add(new AttributeProto { Name = "alpha", RefAttrName = "slope", Type = AttributeType.Float });
        model.Proto.Functions.Add(inner);
        model.Proto.Functions.Add(outer);
        var module = model.Import();
        Assert.Equal([-1f, 3], Run(module, Floats(-2, 3)));
        Assert.Contains(module.Main.Nodes, n => n.Origins.Contains("y/b/b"));

        model.Graph.Node[0].Attribute.Clear();
        Assert.Equal([-18f, 3], Run(model.Import(), Floats(-2, 3)));
    }

    [Fact]
    public void Typed_data_of_narrow_types_is_unpacked()
    {
        var model = new TestModel().Input("x", DataType.Float16, "3").Node("Add x c -> y").Output("y");
        model.Graph.Initializer.Add(new TensorProto { Name = "c", DataType = (int)DataType.Float16, Dims = { 3 }, Int32Data = { 0x3C00, 0x4000, 0xC000 } });
        var result = new GraphEvaluator(model.Import()).Run([new Tensor(ElementType.Float16, 3)])[0];
        Assert.Equal([1.0, 2, -2], Enumerable.Range(0, 3).Select(i => result.GetDouble(i)));
    }

    [Fact]
    public void Sparse_initializers_are_unsupported()
    {
        var model = new TestModel().Floats("x", "3").Node("Add x c -> y").Output("y");
        model.Graph.SparseInitializer.Add(new SparseTensorProto { Values = new TensorProto { Name = "c", DataType = 1, Dims = { 0 } }, Dims = { 3 } });
        Assert.Equal(ErrorCodes.Unsupported, Assert.ThrowsAny<DlcException>(() => model.Import()).Code);
    }

    [Fact]
    public void Raw_data_is_not_copied()
    {
        var model = new TestModel().Floats("x", "N", "4096").Node("Add x c -> y").Output("y");
        model.Graph.Initializer.Add(new TensorProto { Name = "c", DataType = 1, Dims = { 4096 }, RawData = ByteString.CopyFrom(new byte[4 * 4096]) });
        var constant = (Constant)OnnxImporter.Import(model.Proto).Main.Nodes.Single(n => n.Op is Constant).Op;
        Assert.True(constant.Tensor.Memory.Span.Overlaps(model.Graph.Initializer[0].RawData.Span));
    }

    [Fact]
    public void Large_weights_stay_in_the_file()
    {
        const int Count = 1 << 18;
        var model = new TestModel().Floats("x", "1").Longs("first", 7).Node("Gather w first -> a").Node("Add x a -> y").Output("y");
        var values = Enumerable.Range(0, Count).Select(i => (float)i).ToArray();
        model.Graph.Initializer.Insert(0, new TensorProto
        {
            Name = "w", DataType = 1, Dims = { Count }, RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)),
        });
        var path = Path.Combine(_folder, "large.onnx");
        File.WriteAllBytes(path, model.Proto.ToByteArray());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var module = OnnxImporter.Import(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * Count / 2);
        Assert.Equal([8f], Run(module, Floats(1)));

        // The claim of the dims no longer fits the payload.
        model.Graph.Initializer[0].Dims[0] = Count + 1;
        File.WriteAllBytes(path, model.Proto.ToByteArray());
        Assert.Equal(ErrorCodes.BadTensorFile, Assert.ThrowsAny<DlcException>(() => OnnxImporter.Import(path)).Code);
    }

    [Fact]
    public void Files_that_are_cut_off_or_damaged_are_refused()
    {
        var model = new TestModel().Floats("x", "1").Node("Add x w -> y").Output("y");
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { 1 << 15 }, RawData = ByteString.CopyFrom(new byte[4 << 15]) });
        var bytes = model.Proto.ToByteArray();
        var path = Path.Combine(_folder, "damaged.onnx");
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[random.Next(100)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, i % 2 == 0 ? damaged : damaged[..random.Next(bytes.Length)]);
            try
            {
                OnnxImporter.Import(path);
            }
            catch (DlcException e)
            {
                Assert.IsNotType<InternalCompilerException>(e);
            }
        }
    }
}
