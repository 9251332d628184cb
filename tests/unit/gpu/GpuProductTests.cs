using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Products on CUDA cores and on tensor cores, with ragged edges, against a plain sum.</summary>
public sealed class GpuProductTests
{
    public static TheoryData<ElementType, long, long, long, bool, bool> Cases()
    {
        var cases = new TheoryData<ElementType, long, long, long, bool, bool>();
        foreach (var type in new[] { ElementType.Float32, ElementType.Float16, ElementType.BFloat16 })
        {
            cases.Add(type, 1, 1, 1, false, false);
            cases.Add(type, 3, 5, 0, false, false);
            cases.Add(type, 0, 5, 4, false, false);
            cases.Add(type, 17, 9, 33, false, false);
            cases.Add(type, 17, 9, 33, true, false);
            cases.Add(type, 65, 40, 70, false, true);
            cases.Add(type, 65, 40, 31, true, true);
            cases.Add(type, 130, 136, 64, false, false);
            cases.Add(type, 130, 136, 64, false, true);
            cases.Add(type, 129, 200, 40, true, false);
        }

        cases.Add(ElementType.Float64, 66, 70, 19, false, true);
        cases.Add(ElementType.Int32, 66, 70, 19, true, false);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Product_of_any_layout_equals_the_sum(ElementType type, long rows, long columns, long depth, bool transposesA, bool transposesB)
    {
        Check(type, rows, columns, depth, transposesA, transposesB, PtxTarget.Sm80, narrow: true, alternatives: true);
        Check(type, rows, columns, depth, transposesA, transposesB, PtxTarget.Sm80, narrow: true, alternatives: false);
    }

    [Theory]
    [InlineData(ElementType.Float32, 20, 30, 1300, true, false)]
    [InlineData(ElementType.Float32, 4, 40, 900, false, true)]
    [InlineData(ElementType.Float32, 1, 1, 800, false, false)]
    [InlineData(ElementType.BFloat16, 66, 72, 1024, true, false)]
    [InlineData(ElementType.Float16, 8, 33, 800, false, false)]
    [InlineData(ElementType.Float64, 5, 3, 777, false, false)]
    [InlineData(ElementType.Int32, 9, 3, 513, false, false)]
    public void Few_tiles_of_a_long_depth_are_split(ElementType type, long rows, long columns, long depth, bool transposesA, bool transposesB)
    {
        foreach (var (narrow, alternatives) in new[] { (true, true), (true, false), (false, false) })
        {
            Assert.Equal(2, Check(type, rows, columns, depth, transposesA, transposesB, PtxTarget.Sm80, narrow, alternatives));
        }
    }

    [Theory]
    [InlineData(3, 5, 0, false, false)]
    [InlineData(17, 9, 33, true, false)]
    [InlineData(65, 40, 31, true, true)]
    [InlineData(130, 136, 64, false, false)]
    [InlineData(130, 136, 64, true, true)]
    public void Products_in_tf32_are_near_the_sum(long rows, long columns, long depth, bool transposesA, bool transposesB)
    {
        Check(ElementType.Float32, rows, columns, depth, transposesA, transposesB, PtxTarget.Sm80.WithTf32(), narrow: true, alternatives: true);
        Check(ElementType.Float32, rows, columns, depth, transposesA, transposesB, PtxTarget.Sm80.WithTf32(), narrow: true, alternatives: false);
    }

    [Fact]
    public void Products_choose_their_tiles_by_size()
    {
        var (program, _, module) = Build(ElementType.Float32, 1, 1, 1, false, false, PtxTarget.Sm80);
        var launch = program.Steps.OfType<LaunchStep>().Last();
        string Chosen(long m, long n)
        {
            var dims = new DimEvaluator(module.Dims);
            foreach (var (symbol, value) in launch.Buffers.SelectMany(b => b.Type.Shape.Dims).Where(d => d.IsSymbol).Distinct().Zip([m, 64, n]))
            {
                dims.Bind(symbol, value);
            }

            var kernel = launch.Alternatives.Where(a => dims.Evaluate(a.When) != 0).Select(a => a.Kernel).FirstOrDefault(launch.Kernel);
            return kernel.ToString().Split("f32[")[1].Split(']')[0];
        }

        Assert.Equal("8 x 32", Chosen(4, 4096));
        Assert.Equal("64 x 64", Chosen(200, 768));
        Assert.Equal("128 x 128", Chosen(4096, 4096));
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.BFloat16)]
    public void Product_with_wide_indices_equals_the_sum(ElementType type) => Check(type, 70, 71, 35, false, true, PtxTarget.Sm90, narrow: false, alternatives: false);

    [Theory]
    [InlineData(ElementType.Float16, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32")]
    [InlineData(ElementType.BFloat16, "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32")]
    public void Half_precision_uses_tensor_cores(ElementType type, string instruction)
    {
        var (program, _, _) = Build(type, 128, 128, 64, false, false, PtxTarget.Sm80);
        var kernel = program.Steps.OfType<LaunchStep>().Last().Kernel;
        var image = PtxCompiler.Compile([kernel], PtxTarget.Sm80, 1);
        var text = PtxLaunch.Text(image, image.Kernels[0].Narrow);
        Assert.Contains(instruction, text, StringComparison.Ordinal);
        Assert.Contains("ldmatrix.sync.aligned.m8n8.x4", text, StringComparison.Ordinal);
        Assert.Contains("cp.async.cg.shared.global", text, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", text, StringComparison.Ordinal);
    }

    /// <summary>Gives the number of launches.</summary>
    private static int Check(ElementType type, long rows, long columns, long depth, bool transposesA, bool transposesB, PtxTarget target, bool narrow, bool alternatives)
    {
        var (program, inputs, module) = Build(type, rows, columns, depth, transposesA, transposesB, target);
        using var device = new PtxProgram(module.Dims, narrow, target, alternatives);
        var actual = device.Run(program, inputs)[0];
        var (a, b) = (inputs[0], inputs[1]);
        Assert.Equal([2L, rows, columns], actual.Dims.ToArray());
        for (var batch = 0L; batch < 2; batch++)
        {
            for (var r = 0L; r < rows; r++)
            {
                for (var c = 0L; c < columns; c++)
                {
                    var sum = 0.0;
                    for (var k = 0L; k < depth; k++)
                    {
                        var x = (batch * rows * depth) + (transposesA ? (k * rows) + r : (r * depth) + k);
                        var y = transposesB ? (c * depth) + k : (k * columns) + c;
                        sum += a.GetDouble(x) * b.GetDouble(y);
                    }

                    var found = actual.GetDouble((((batch * rows) + r) * columns) + c);
                    var tolerance = type is ElementType.Float16 or ElementType.BFloat16 || target.Machine.Gpu!.AllowTf32 ? 1e-2 : 1e-4;
                    Assert.True(Math.Abs(found - sum) <= tolerance * (1 + Math.Abs(sum)), $"[{batch},{r},{c}] is {found}, expected {sum}");
                }
            }
        }

        return device.Statistics.Count;
    }

    /// <summary>A of two matrices times one B, with dims that are unknown to the compiler, either of them transposed.</summary>
    internal static (LoweredProgram Program, Tensor[] Inputs, Module Module) Build(
        ElementType type, long rows, long columns, long depth, bool transposesA, bool transposesB, PtxTarget target)
    {
        var module = new Module("product");
        var builder = new GraphBuilder(module);
        var (m, n, k) = (module.Facts.NewDim("m", 0, 1 << 20), module.Facts.NewDim("n", 0, 1 << 20), module.Facts.NewDim("k", 0, 1 << 20));
        var two = module.Dims.Const(2);
        Shape shapeA = transposesA ? [two, k, m] : [two, m, k];
        Shape shapeB = transposesB ? [n, k] : [k, n];
        var x = builder.Input(new TensorType(type, shapeA), "a");
        var y = builder.Input(new TensorType(type, shapeB), "b");
        var a = transposesA ? builder.Add(new Transpose([0, 2, 1]), [x]) : x;
        var b = transposesB ? builder.Add(new Transpose([1, 0]), [y]) : y;
        var accumulator = type is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : type;
        var graph = builder.Build([builder.Add(new MatMul(accumulator), [a, b])]);
        var context = new Passes.PassContext(target.Machine);
        var fused = new Passes.Fusion.FuseLoops().Run(new Passes.Fusion.FuseEpilogues().Run(graph, context), context);
        var program = Passes.Lowering.Lowering.Run(fused, target.Machine);
        var random = new Random(1);
        Tensor[] inputs = [Random(random, type, transposesA ? [2, depth, rows] : [2, rows, depth]), Random(random, type, transposesB ? [columns, depth] : [depth, columns])];
        return (program, inputs, module);
    }

    private static Tensor Random(Random random, ElementType type, long[] dims)
    {
        var tensor = new Tensor(type, dims);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, type.IsFloat() ? (random.NextDouble() * 2) - 1 : random.Next(-9, 9));
        }

        return tensor;
    }
}
