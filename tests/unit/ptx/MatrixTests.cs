using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>Tensor-core instructions against a plain matrix product; the layouts here are written as PTX ISA's section on mma.sync writes them.</summary>
public sealed class MatrixTests
{
    private delegate (int Row, int Column) Place(int group, int lane, int i);

    [Theory]
    [InlineData("m16n8k16", "f16", "f32")]
    [InlineData("m16n8k16", "bf16", "f32")]
    [InlineData("m16n8k16", "f16", "f16")]
    [InlineData("m16n8k8", "f16", "f32")]
    [InlineData("m16n8k8", "bf16", "f32")]
    [InlineData("m16n8k8", "tf32", "f32")]
    [InlineData("m16n8k4", "tf32", "f32")]
    [InlineData("m16n8k32", "s8", "s32")]
    [InlineData("m16n8k16", "u8", "s32")]
    public void A_matrix_instruction_multiplies(string shape, string type, string accumulators)
    {
        int depth = int.Parse(shape.AsSpan(6), null);
        int bits = type == "tf32" ? 32 : type is "s8" or "u8" ? 8 : 16;
        Place placeA = (shape, bits) switch
        {
            ("m16n8k16", 16) => (g, t, i) => (i is < 2 or (>= 4 and < 6) ? g : g + 8, (t * 2) + (i & 1) + (i >= 4 ? 8 : 0)),
            ("m16n8k8", 16) => (g, t, i) => (i < 2 ? g : g + 8, (t * 2) + (i & 1)),
            ("m16n8k8", 32) => (g, t, i) => (i is 0 or 2 ? g : g + 8, i < 2 ? t : t + 4),
            ("m16n8k4", 32) => (g, t, i) => (i == 0 ? g : g + 8, t),
            ("m16n8k32", 8) => (g, t, i) => (i is < 4 or (>= 8 and < 12) ? g : g + 8, (t * 4) + (i & 3) + (i >= 8 ? 16 : 0)),
            _ => (g, t, i) => (i < 4 ? g : g + 8, (t * 4) + (i & 3)),
        };
        Place placeB = (shape, bits) switch
        {
            ("m16n8k16", 16) => (g, t, i) => ((t * 2) + (i & 1) + (i >= 2 ? 8 : 0), g),
            ("m16n8k8", 16) => (g, t, i) => ((t * 2) + i, g),
            ("m16n8k8", 32) => (g, t, i) => (t + (4 * i), g),
            ("m16n8k4", 32) => (g, t, _) => (t, g),
            ("m16n8k32", 8) => (g, t, i) => ((t * 4) + (i & 3) + (i >= 4 ? 16 : 0), g),
            _ => (g, t, i) => ((t * 4) + i, g),
        };
        Place placeC = (g, t, i) => (i < 2 ? g : g + 8, (t * 2) + (i & 1));
        var random = new Random(7);
        double Draw() => type switch
        {
            "u8" => random.Next(0, 256),
            "s8" => random.Next(-128, 128),
            _ => random.Next(-64, 65) / 32.0,
        };
        var a = new double[16, depth];
        var b = new double[depth, 8];
        var c = new double[16, 8];
        Fill(a, Draw);
        Fill(b, Draw);
        Fill(c, () => random.Next(-8, 9));
        int perRegister = 32 / bits, registersA = 16 * depth / 32 / perRegister, registersB = 8 * depth / 32 / perRegister;
        int accumulatorBits = accumulators == "f16" ? 16 : 32, registersC = 4 * accumulatorBits / 32;
        int count = registersA + registersB + registersC;
        var input = new uint[32 * count];
        for (int lane = 0; lane < 32; lane++)
        {
            var registers = input.AsSpan(lane * count, count);
            Pack(registers[..registersA], a, placeA, lane, type, bits);
            Pack(registers.Slice(registersA, registersB), b, placeB, lane, type, bits);
            Pack(registers[(registersA + registersB)..], c, placeC, lane, accumulators, accumulatorBits);
        }

        string loads = string.Join('\n', Enumerable.Range(0, count).Select(i => $"ld.global.b32 %r{i + 1}, [%rd3+{4 * i}];"));
        string List(int start, int length) => "{" + string.Join(", ", Enumerable.Range(start + 1, length).Select(i => $"%r{i}")) + "}";
        string stores = string.Join('\n', Enumerable.Range(0, registersC).Select(i => $"st.global.b32 [%rd1+{4 * i}], %r{i + 40};"));
        string types = $"{accumulators}.{type}.{type}.{accumulators}";
        using var module = PtxKernel.Module(
            ".param .u64 out, .param .u64 in",
            $"""
            {PtxKernel.Prologue(4 * registersC)}
            ld.param.u64 %rd2, [in];
            mad.wide.u32 %rd3, %r0, {4 * count}, %rd2;
            {loads}
            mma.sync.aligned.{shape}.row.col.{types} {List(39, registersC)}, {List(0, registersA)}, {List(registersA, registersB)}, {List(registersA + registersB, registersC)};
            {stores}
            ret;
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(32 * 4 * registersC);
        module.Launch("k", memory, 1, 32, 0, output, memory.Allocate<uint>(input));
        uint[] result = memory.Read<uint>(output, 32 * registersC);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                var (row, column) = placeC(lane >> 2, lane & 3, i);
                double expected = c[row, column];
                for (int k = 0; k < depth; k++)
                {
                    expected += a[row, k] * b[k, column];
                }

                uint register = result[(lane * registersC) + (i * accumulatorBits / 32)];
                double actual = accumulators switch
                {
                    "f32" => BitConverter.UInt32BitsToSingle(register),
                    "s32" => (int)register,
                    _ => (double)BitConverter.UInt16BitsToHalf((ushort)(register >> (16 * (i & 1)))),
                };
                Assert.Equal(accumulators == "f16" ? (double)(Half)expected : expected, actual);
            }
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    [InlineData(2, true)]
    public void Matrices_are_loaded_as_fragments(int matrices, bool transposed)
    {
        // Shared memory holds 32 rows of 8 elements that say their place.
        string results = string.Join(", ", Enumerable.Range(10, matrices).Select(i => $"%r{i}"));
        string stores = string.Join('\n', Enumerable.Range(0, matrices).Select(i => $"st.global.b32 [%rd1+{4 * i}], %r{10 + i};"));
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $$"""
            {{PtxKernel.Prologue(4 * matrices)}}
            mov.b32 %r1, rows;
            shl.b32 %r2, %r0, 4;
            add.u32 %r1, %r1, %r2;
            shl.b32 %r3, %r0, 8;
            shl.b32 %r6, %r3, 16;
            or.b32 %r4, %r6, %r3;
            or.b32 %r4, %r4, 0x00010000;
            add.u32 %r5, %r4, 0x00020002;
            add.u32 %r6, %r4, 0x00040004;
            add.u32 %r7, %r4, 0x00060006;
            st.shared.v4.b32 [%r1], {%r4, %r5, %r6, %r7};
            bar.sync 0;
            ldmatrix.sync.aligned.m8n8.x{{matrices}}{{(transposed ? ".trans" : "")}}.shared.b16 {{{results}}}, [%r1];
            {{stores}}
            ret;
            """,
            ".shared .align 16 .b8 rows[512];");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(32 * 4 * matrices);
        var statistics = module.Launch("k", memory, 1, 32, 0, output);
        ushort[] values = memory.Read<ushort>(output, 64 * matrices);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int matrix = 0; matrix < matrices; matrix++)
            {
                for (int half = 0; half < 2; half++)
                {
                    int row = lane >> 2, column = ((lane & 3) * 2) + half;
                    (row, column) = transposed ? (column, row) : (row, column);
                    Assert.Equal((((matrix * 8) + row) << 8) + column, values[(((lane * matrices) + matrix) * 2) + half]);
                }
            }
        }

        Assert.Equal(0, statistics.BankConflicts);
    }

    [Fact]
    public void A_warp_with_fewer_lanes_must_not_multiply()
    {
        using var module = PtxKernel.Module(
            "",
            """
            mov.b32 %r1, 0;
            mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%r2, %r3, %r4, %r5}, {%r1, %r1}, {%r1}, {%r1, %r1, %r1, %r1};
            ret;
            """);
        using var memory = new PtxMemory();
        Assert.Equal(PtxCheck.Divergence, Assert.Throws<PtxFault>(() => module.Launch("k", memory, 1, 16, 0)).Check);
        module.Launch("k", memory, 1, 32, 0);
    }

    private static void Fill(double[,] matrix, Func<double> draw)
    {
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            for (int j = 0; j < matrix.GetLength(1); j++)
            {
                matrix[i, j] = draw();
            }
        }
    }

    private static void Pack(Span<uint> registers, double[,] matrix, Place place, int lane, string type, int bits)
    {
        for (int i = 0; i < registers.Length * 32 / bits; i++)
        {
            var (row, column) = place(lane >> 2, lane & 3, i);
            double value = matrix[row, column];
            uint element = type switch
            {
                "f16" => BitConverter.HalfToUInt16Bits((Half)value),
                "bf16" => BitConverter.SingleToUInt32Bits((float)value) >> 16,
                "f32" or "tf32" => BitConverter.SingleToUInt32Bits((float)value),
                "s32" => (uint)(int)value,
                _ => (byte)(int)value,
            };
            registers[i * bits / 32] |= element << (i * bits % 32);
        }
    }
}
