using Dlc.Codegen;
using Dlc.Codegen.Image;
using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Xunit;
using E = Dlc.IR.Kernels.ExprFactory;

namespace Dlc.Tests.Codegen;

public sealed class KernelCompilerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(100)]
    public void Elementwise_loops_handle_every_tail(int n)
    {
        DimContext dims = new();
        Dim size = dims.Symbol("N");
        KernelBuilder k = new("add", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Float32, false);
        KernelBuffer y = k.Parameter("y", ElementType.Float32, false);
        KernelBuffer z = k.Parameter("z", ElementType.Float32, true);
        k.Parallel(dims.Const(3), i => k.Vector(E.Dim(size), v =>
        {
            Expr at = (i * E.Dim(size)) + v;
            k.Store(z, at, (E.Load(x, at) * E.Load(y, v)) + E.Load(y, i));
        }));
        Check(k.Build(), new DimEvaluator(dims).Bind(size, n), 1e-6,
            Random(3 * n), Random(Math.Max(n, 3)), new byte[12 * n]);
    }

    [Theory]
    [InlineData(0, BinaryOp.Add)]
    [InlineData(5, BinaryOp.Add)]
    [InlineData(64, BinaryOp.Max)]
    [InlineData(1000, BinaryOp.Add)]
    [InlineData(131, BinaryOp.Min)]
    [InlineData(17, BinaryOp.Mul)]
    public void Reductions_combine_lanes_and_tails(int n, BinaryOp op)
    {
        DimContext dims = new();
        Dim size = dims.Symbol("N");
        KernelBuilder k = new("reduce", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Float32, false);
        KernelBuffer z = k.Parameter("z", ElementType.Float32, true);
        k.Parallel(dims.Const(4), i =>
        {
            Var sum = k.Declare(E.Float(op == BinaryOp.Mul ? 1 : 0.5));
            k.Vector(E.Dim(size), v => k.Assign(sum, E.Binary(op, E.Read(sum), E.Load(x, (i * E.Dim(size)) + v))), new Reduction(sum, op));
            k.Store(z, i, E.Read(sum));
        });
        Check(k.Build(), new DimEvaluator(dims).Bind(size, n), 1e-4, Random(4 * n), new byte[16]);
    }

    [Fact]
    public void A_tile_contracts_and_its_epilogue_masks_the_last_columns()
    {
        foreach (int columns in new[] { 48, 31, 5 })
        {
            DimContext dims = new();
            Dim depth = dims.Symbol("K");
            Dim width = dims.Symbol("N");
            KernelBuilder k = new("gemm", dims);
            KernelBuffer a = k.Parameter("a", ElementType.Float32, false);
            KernelBuffer b = k.Parameter("b", ElementType.Float32, false, isConstant: true);
            KernelBuffer c = k.Parameter("c", ElementType.Float32, true);
            k.Parallel(dims.Const(2), i =>
            {
                Tile tile = k.DeclareTile(4, 48, ElementType.Float32);
                k.Contract(tile, E.Dim(depth), a, i * 4 * E.Dim(depth), E.Dim(depth), E.Int(1), b, E.Int(0), E.Int(48));
                k.ForEach(tile, E.Dim(width), (row, column, acc) =>
                    k.Store(c, (((i * 4) + row) * E.Dim(width)) + column, E.Max(acc, E.Float(0)) + E.Cast(ElementType.Float32, column)));
            });
            Check(k.Build(), new DimEvaluator(dims).Bind(depth, 39).Bind(width, columns), 1e-4,
                Random(8 * 39), Random(39 * 48), new byte[8 * columns * 4]);
        }
    }

    [Fact]
    public void Heavy_epilogues_loop_over_the_tile_on_the_stack()
    {
        DimContext dims = new();
        Dim width = dims.Symbol("N");
        KernelBuilder k = new("gemm", dims);
        KernelBuffer a = k.Parameter("a", ElementType.Float32, false);
        KernelBuffer b = k.Parameter("b", ElementType.Float32, false, isConstant: true);
        KernelBuffer c = k.Parameter("c", ElementType.Float32, true);
        k.Parallel(dims.Const(1), i =>
        {
            Tile tile = k.DeclareTile(8, 20, ElementType.Float32, E.Float(0.25));
            k.Contract(tile, E.Int(3), a, E.Int(0), E.Int(3), E.Int(1), b, E.Int(0), E.Int(20));
            k.ForEach(tile, E.Dim(width), (row, column, acc) => k.Store(c, (row * E.Dim(width)) + column,
                E.Unary(UnaryOp.Tanh, E.Unary(UnaryOp.Erf, acc)) * E.Unary(UnaryOp.Exp, acc)));
        });
        Kernel kernel = k.Build();
        foreach (int columns in new[] { 20, 19, 16, 3, 0 })
        {
            Check(kernel, new DimEvaluator(dims).Bind(width, columns), 1e-5, Random(24), Random(60), new byte[8 * columns * 4]);
        }
    }

    [Fact]
    public void Lanes_that_part_keep_their_own_variables()
    {
        DimContext dims = new();
        KernelBuilder k = new("diverge", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Int32, false);
        KernelBuffer z = k.Parameter("z", ElementType.Int32, true);
        k.Parallel(dims.Const(1), _ => k.Vector(E.Int(37), v =>
        {
            Var m = k.Declare(E.Int(7, ElementType.Int32));
            Expr value = k.Let(E.Load(x, v));
            k.If(E.Less(value, E.Int(0, ElementType.Int32)), () => k.Assign(m, E.Read(m) + value), () =>
                k.Serial(E.Cast(ElementType.Int64, value), n => k.Assign(m, E.Read(m) * 3 + E.Cast(ElementType.Int32, n))));
            k.While(E.Less(E.Read(m), E.Int(100, ElementType.Int32)), () => k.Assign(m, E.Max(E.Read(m), E.Int(1, ElementType.Int32)) * 2));
            KernelBuffer own = k.Local("own", ElementType.Int32, 3);
            k.Store(own, E.Int(1), E.Read(m));
            k.Store(own, E.Binary(BinaryOp.Mod, v, E.Int(2)) * 2, value);
            k.Store(z, E.Int(36) - v, E.Load(own, E.Int(1)) + E.Load(own, E.Binary(BinaryOp.Mod, v, E.Int(2)) * 2));
        }));
        Check(k.Build(), new DimEvaluator(dims), 0, Compare.Random(ElementType.Int32, 37, 3, -9, 9), new byte[37 * 4]);
    }

    [Fact]
    public void Scratch_and_masked_loads_and_checks_work()
    {
        DimContext dims = new();
        Dim size = dims.Symbol("N");
        KernelBuilder k = new("scratch", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Float32, false);
        KernelBuffer z = k.Parameter("z", ElementType.Float32, true);
        k.Parallel(dims.Const(2), i =>
        {
            KernelBuffer first = k.Scratch("first", ElementType.Float32, size);
            KernelBuffer second = k.Scratch("second", ElementType.Float64, size * 2);
            k.Vector(E.Dim(size), v =>
            {
                k.Store(first, v, E.Load(x, v - 3, E.LessOrEqual(E.Int(3), v)));
                k.Store(second, v * 2, E.Cast(ElementType.Float64, E.Load(x, E.Dim(size) - v - 1)));
                k.Check(E.Less(E.Load(x, v), E.Float(3)), "too large");
                k.Check(E.Less(E.Float(-100), E.Load(x, v)), "too small");
            });
            k.Vector(E.Dim(size), v => k.Store(z, (v * 2) + i, E.Load(first, v) + E.Cast(ElementType.Float32, E.Load(second, v * 2))));
        });
        Kernel kernel = k.Build();
        foreach (int n in new[] { 1, 16, 45 })
        {
            byte[] input = Random(n);
            Check(kernel, new DimEvaluator(dims).Bind(size, n), 1e-6, input, new byte[8 * n]);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(-1)]
    public void Strided_loads_read_nothing_past_their_last_element(int stride)
    {
        DimContext dims = new();
        Dim size = dims.Symbol("N");
        KernelBuilder k = new("strided", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Float32, false);
        KernelBuffer small = k.Parameter("small", ElementType.UInt8, false);
        KernelBuffer z = k.Parameter("z", ElementType.Float32, true);
        Expr start = stride < 0 ? E.Dim(size) - 1 : E.Int(0);
        k.Parallel(dims.One, _ => k.Vector(E.Dim(size), v =>
        {
            Expr at = start + (v * stride);
            Expr masked = E.Load(x, at - stride, E.And(E.LessOrEqual(E.Int(0), at - stride), E.Less(at - stride, start + (E.Dim(size) * stride))));
            k.Store(z, v, E.Load(x, at) + masked + E.Cast(ElementType.Float32, E.Load(small, at)));
        }));
        Kernel kernel = k.Build();
        foreach (int n in new[] { 1, 16, 23, 64 })
        {
            int count = ((n - 1) * Math.Abs(stride)) + 1;
            Check(kernel, new DimEvaluator(dims).Bind(size, n), 1e-6,
                Random(count), Compare.Random(ElementType.UInt8, count, 1, 0, 200), new byte[4 * n]);
        }
    }

    [Theory]
    [InlineData(64, 48)]
    [InlineData(17, 33)]
    [InlineData(5, 3)]
    [InlineData(0, 7)]
    public void Transposing_copies_move_whole_and_partial_blocks(int depth, int columns)
    {
        DimContext dims = new();
        Dim size = dims.Symbol("K");
        Dim valid = dims.Symbol("N");
        KernelBuilder k = new("transpose", dims);
        KernelBuffer x = k.Parameter("x", ElementType.Float32, false);
        KernelBuffer z = k.Parameter("z", ElementType.Float32, true);
        k.Parallel(dims.Const(2), item => k.Serial(E.Dim(size), i => k.Vector(E.Dim(valid), v =>
        {
            Expr element = k.Let(E.Load(x, ((v + (item * E.Dim(valid))) * E.Dim(size)) + i));
            k.Store(z, (((item * E.Dim(size)) + i) * E.Dim(valid)) + v, element * E.Cast(ElementType.Float32, v) + E.Cast(ElementType.Float32, i));
        })));
        Check(k.Build(), new DimEvaluator(dims).Bind(size, depth).Bind(valid, columns), 1e-4,
            Random(2 * depth * columns), new byte[8 * depth * columns]);
    }

    [Fact]
    public void Equal_kernels_compile_once_and_output_does_not_depend_on_threads()
    {
        DimContext dims = new();
        List<Kernel> kernels = [];
        for (int i = 0; i < 12; i++)
        {
            KernelBuilder k = new($"scale{i}", dims);
            KernelBuffer x = k.Parameter("x", ElementType.Float32, true);
            k.Parallel(dims.Symbol($"N{i}"), v => k.Store(x, v, E.Load(x, v) * E.Float(i % 6)));
            kernels.Add(k.Build());
        }

        CodeImage one = KernelCompiler.Compile(kernels, CpuTarget.V3, 1);
        CodeImage two = KernelCompiler.Compile(kernels, CpuTarget.V3, 2);
        Assert.Equal(one.Bytes, two.Bytes);
        Assert.Equal(6, one.Entries.Distinct().Count());
        Assert.Equal(one.Entries.Take(6), one.Entries.Skip(6));
    }

    private static void Check(Kernel kernel, DimEvaluator bindings, double tolerance, params byte[][] buffers) =>
        Compare.Check(kernel, bindings, tolerance, buffers);

    private static byte[] Random(int count) => Compare.Random(ElementType.Float32, count, count);
}
