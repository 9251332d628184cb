using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Xunit;
using E = Dlc.IR.Kernels.ExprFactory;

namespace Dlc.Tests.Codegen;

public sealed class RandomKernelTests
{
    private const int Seeds = 6;

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.UInt16)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.UInt64)]
    [InlineData(ElementType.Bool)]
    public void Compiled_kernels_compute_what_the_interpreter_does(ElementType type)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            new Generator(seed * 31 + (int)type, type).Run();
        }
    }

    /// <summary>Writes kernels of loops, branches and arithmetic on one data type.</summary>
    private sealed class Generator(int seed, ElementType type)
    {
        private readonly Random random = new(seed);
        private readonly DimContext dims = new();
        private readonly List<Expr> indices = [];
        private readonly List<Expr> values = [];
        private readonly List<Var> mutable = [];
        private KernelBuilder kernel = null!;
        private KernelBuffer input = null!;
        private KernelBuffer output = null!;
        private Dim size = null!;

        internal void Run()
        {
            kernel = new KernelBuilder($"random{seed}", dims);
            input = kernel.Parameter("x", type, false);
            output = kernel.Parameter("y", type, true);
            size = dims.Symbol("N");
            kernel.Parallel(dims.Const(3), item =>
            {
                indices.Add(item);
                bool reduce = random.Next(2) == 0 && type != ElementType.Bool;
                BinaryOp op = type.IsFloat() ? Pick(BinaryOp.Min, BinaryOp.Max) : Pick(BinaryOp.Min, BinaryOp.Max, BinaryOp.Add, BinaryOp.Mul, BinaryOp.Or);
                Var? total = reduce ? kernel.Declare(E.Literal(2, type)) : null;
                Expr extent = random.Next(3) == 0 ? E.Int(random.Next(1, 40)) : E.Dim(size);
                void Body(Expr lane)
                {
                    indices.Add(lane);
                    Block(3);
                    kernel.Store(output, (item * 64) + lane, Value(2));
                    if (total is not null)
                    {
                        kernel.Assign(total, E.Binary(op, E.Read(total), Value(1)));
                    }
                }

                if (total is null)
                {
                    kernel.Vector(extent, Body);
                }
                else
                {
                    kernel.Vector(extent, Body, new Reduction(total, op));
                    kernel.Store(output, (item * 64) + 63, E.Read(total));
                }

                indices.Clear();
                values.Clear();
                mutable.Clear();
            });
            Kernel built = kernel.Build();
            double tolerance = type switch
            {
                ElementType.Float16 => 5e-2,
                ElementType.BFloat16 => 3e-1,
                _ => 1e-4,
            };
            Compare.Check(built, tolerance, [.. new[] { 1, 19, 48 }.Select(n => Case(built, n))]);
        }

        private (long[] Dims, byte[][] Buffers) Case(Kernel built, int n)
        {
            DimEvaluator bindings = new DimEvaluator(dims).Bind(size, n);
            byte[] x = Compare.Random(type, 64, seed + n, type.IsUnsigned() ? 0 : -5, 6);
            return ([.. built.DimParameters.Select(bindings.Evaluate)], [x, new byte[3 * 64 * type.Bytes()]]);
        }

        private void Block(int depth)
        {
            (int i, int v, int m) = (indices.Count, values.Count, mutable.Count);
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                Statement(depth);
            }

            if (depth < 3)
            {
                indices.RemoveRange(i, indices.Count - i);
                values.RemoveRange(v, values.Count - v);
                mutable.RemoveRange(m, mutable.Count - m);
            }
        }

        private void Statement(int depth)
        {
            switch (random.Next(depth > 0 ? 6 : 3))
            {
                case 0:
                    values.Add(kernel.Let(Value(3)));
                    break;
                case 1:
                    mutable.Add(kernel.Declare(Value(1)));
                    break;
                case 2:
                    if (mutable.Count > 0)
                    {
                        kernel.Assign(Pick([.. mutable]), Value(3));
                    }

                    break;
                case 3:
                    kernel.If(Condition(), () => Block(depth - 1), random.Next(2) == 0 ? () => Block(depth - 1) : null);
                    break;
                case 4:
                    Expr end = random.Next(2) == 0 ? E.Int(random.Next(4)) : E.Binary(BinaryOp.Mod, Index(1), E.Int(4));
                    kernel.Serial(end, k =>
                    {
                        indices.Add(k);
                        Block(depth - 1);
                        indices.Remove(k);
                    });
                    break;
                default:
                    KernelBuffer own = kernel.Local("own", type, 4);
                    kernel.Serial(E.Int(4), k => kernel.Store(own, k, Value(0)));
                    kernel.Store(own, E.Binary(BinaryOp.Mod, Index(1), E.Int(4)), Value(1), random.Next(2) == 0 ? Condition() : null);
                    values.Add(kernel.Let(E.Load(own, E.Binary(BinaryOp.Mod, Index(1), E.Int(4)))));
                    break;
            }
        }

        private Expr Index(int depth)
        {
            Expr leaf = random.Next(3) == 0 ? E.Dim(size) : random.Next(5) == 0 ? E.Int(random.Next(1, 9)) : Pick([.. indices]);
            if (depth == 0)
            {
                return leaf;
            }

            Expr rest = Index(depth - 1);
            return random.Next(8) switch
            {
                0 => leaf + rest,
                1 => leaf - rest,
                2 => leaf * E.Int(random.Next(1, 5)) + rest,
                3 => E.Binary(BinaryOp.FloorDiv, rest, E.Int(random.Next(1, 21))),
                4 => E.Binary(BinaryOp.Mod, rest, random.Next(2) == 0 ? E.Int(random.Next(1, 21)) : E.Dim(size)),
                5 => E.Select(E.Less(E.Dim(size), E.Int(20)), E.Int(0), leaf),
                6 => E.Binary(BinaryOp.FloorDiv, leaf, rest),
                _ => leaf,
            };
        }

        private Expr Condition() => random.Next(5) switch
        {
            0 => E.Less(Index(1), Index(1)),
            1 => E.LessOrEqual(E.Load(input, SafeIndex()), Value(0)),
            2 => E.And(E.Less(Index(1), E.Int(20)), E.Not(E.Equal(Index(0), E.Int(3)))),
            3 => E.Equal(E.Binary(BinaryOp.Mod, Index(1), E.Int(2)), E.Int(0)),
            _ => E.Or(E.LessOrEqual(Index(1), Index(0)), E.Less(E.Int(0), Index(1))),
        };

        private Expr SafeIndex() => random.Next(3) == 0 ? indices[1] : E.Binary(BinaryOp.Mod, Index(2), E.Int(64));

        private Expr Value(int depth)
        {
            if (depth == 0)
            {
                return random.Next(4) switch
                {
                    0 => E.Literal(random.Next(-3, 9), type == ElementType.Bool ? ElementType.Int32 : type) is var literal && type == ElementType.Bool
                        ? E.Cast(type, literal) : E.Literal(type.IsUnsigned() ? random.Next(9) : random.Next(-3, 9), type),
                    1 when values.Count > 0 => Pick([.. values]),
                    2 when mutable.Count > 0 => E.Read(Pick([.. mutable])),
                    _ => E.Load(input, SafeIndex()),
                };
            }

            Expr a = Value(depth - 1);
            switch (random.Next(8))
            {
                case 0:
                    return E.Select(Condition(), a, Value(depth - 1));
                case 1:
                    return E.Load(input, E.Binary(BinaryOp.Mod, Index(2), E.Int(64)), Condition());
                case 2:
                    return E.Cast(type, type is ElementType.Float64 or ElementType.Int64 or ElementType.UInt64
                        ? Index(1)
                        : E.Binary(BinaryOp.Mod, Index(1), E.Int(90)));
                case 3 when type.IsFloat():
                    // Bounded functions, so that rounding stays in proportion.
                    return E.Unary(Pick(UnaryOp.Tanh, UnaryOp.Erf, UnaryOp.Atan, UnaryOp.Neg, UnaryOp.Abs), a);
                case 3 when type != ElementType.Bool:
                    return E.Unary(Pick(UnaryOp.Neg, UnaryOp.Abs, UnaryOp.Sign, UnaryOp.BitNot), a);
                case 4 when type.IsFloat():
                    return E.Cast(type, E.Cast(ElementType.Float64, a));
                case 4 when type != ElementType.Bool:
                    return E.Cast(type, E.Cast(Pick(ElementType.Float64, ElementType.Int8, ElementType.UInt16, ElementType.Bool, ElementType.Int64), a));
                default:
                    return type == ElementType.Bool ? E.Binary(Pick(BinaryOp.And, BinaryOp.Or, BinaryOp.Xor), a, Value(depth - 1))
                        : type.IsFloat() ? E.Binary(Pick(BinaryOp.Add, BinaryOp.Sub, BinaryOp.Min, BinaryOp.Max), a, Value(depth - 1))
                        : E.Binary(Pick(BinaryOp.Add, BinaryOp.Sub, BinaryOp.Mul, BinaryOp.Div, BinaryOp.Mod, BinaryOp.Rem, BinaryOp.FloorDiv, BinaryOp.Min,
                            BinaryOp.Max, BinaryOp.Xor, BinaryOp.ShiftLeft, BinaryOp.ShiftRight, BinaryOp.Pow), a, Value(depth - 1));
            }
        }

        private T Pick<T>(params T[] from) => from[random.Next(from.Length)];
    }
}
