using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>What single instructions give, with values worked out by hand or from PTX ISA's definitions.</summary>
public sealed class ArithmeticTests
{
    [Theory]
    [InlineData("add.s32 %r1, -5, 3;", 0xfffffffe)]
    [InlineData("add.u32 %r1, 0xffffffff, 2;", 1)]
    [InlineData("sub.s32 %r1, 3, 5;", 0xfffffffe)]
    [InlineData("mul.lo.s32 %r1, -3, 7;", 0xffffffeb)]
    [InlineData("mul.hi.u32 %r1, 0x80000000, 6;", 3)]
    [InlineData("mul.hi.s32 %r1, -1, 6;", 0xffffffff)]
    [InlineData("mad.lo.s32 %r1, 7, -3, 1;", 0xffffffec)]
    [InlineData("mad.hi.u32 %r1, 0x80000000, 6, 4;", 7)]
    [InlineData("add.sat.s32 %r1, 0x7fffffff, 1;", 0x7fffffff)]
    [InlineData("div.s32 %r1, -7, 2;", 0xfffffffd)]
    [InlineData("rem.s32 %r1, -7, 2;", 0xffffffff)]
    [InlineData("div.u32 %r1, -7, 2;", 0x7ffffffc)]
    [InlineData("rem.u32 %r1, 17, 5;", 2)]
    [InlineData("min.s32 %r1, -1, 1;", 0xffffffff)]
    [InlineData("min.u32 %r1, -1, 1;", 1)]
    [InlineData("max.s32 %r1, -1, 1;", 1)]
    [InlineData("abs.s32 %r1, -9;", 9)]
    [InlineData("neg.s32 %r1, 9;", 0xfffffff7)]
    [InlineData("and.b32 %r1, 0xf0f0, 0xff00;", 0xf000)]
    [InlineData("or.b32 %r1, 0xf0f0, 0xff00;", 0xfff0)]
    [InlineData("xor.b32 %r1, 0xf0f0, 0xff00;", 0x0ff0)]
    [InlineData("not.b32 %r1, 0xf;", 0xfffffff0)]
    [InlineData("cnot.b32 %r1, 0;", 1)]
    [InlineData("shl.b32 %r1, 1, 31;", 0x80000000)]
    [InlineData("shl.b32 %r1, 1, 32;", 0)]
    [InlineData("shr.u32 %r1, 0x80000000, 31;", 1)]
    [InlineData("shr.u32 %r1, 0x80000000, 40;", 0)]
    [InlineData("shr.s32 %r1, 0x80000000, 40;", 0xffffffff)]
    [InlineData("shr.s32 %r1, -8, 1;", 0xfffffffc)]
    [InlineData("popc.b32 %r1, 0xf0f0;", 8)]
    [InlineData("clz.b32 %r1, 0x00010000;", 15)]
    [InlineData("brev.b32 %r1, 1;", 0x80000000)]
    [InlineData("bfe.u32 %r1, 0x12345678, 8, 12;", 0x456)]
    [InlineData("bfe.s32 %r1, 0x00000f00, 8, 4;", 0xffffffff)]
    [InlineData("bfi.b32 %r1, 0xabc, 0x12345678, 8, 12;", 0x123abc78)]
    [InlineData("bfind.u32 %r1, 0x1000;", 12)]
    [InlineData("bfind.s32 %r1, -1;", 0xffffffff)]
    [InlineData("prmt.b32 %r1, 0x33221100, 0x77665544, 0x7520;", 0x77552200)]
    [InlineData("prmt.b32 %r1, 0x000000ff, 0, 0x8888;", 0xffffffff)]
    [InlineData("lop3.b32 %r1, 0xf0, 0xcc, 0xaa, 0x96;", 0x96)]
    [InlineData("shf.l.wrap.b32 %r1, 0x80000000, 1, 1;", 3)]
    [InlineData("shf.r.clamp.b32 %r1, 0x0, 0x5, 32;", 5)]
    [InlineData("sad.u32 %r1, 3, 10, 1;", 8)]
    [InlineData("dp4a.s32.s32 %r1, 0x01ff0203, 0x01010101, 10;", 15)]
    [InlineData("mov.b32 %r1, 1;\nsetp.lt.s32 %p1, -1, 1;\nselp.b32 %r1, 7, 8, %p1;", 7)]
    [InlineData("setp.lt.u32 %p1, -1, 1;\nselp.b32 %r1, 7, 8, %p1;", 8)]
    [InlineData("setp.ge.s32 %p1, 1, 1;\nsetp.lt.and.s32 %p2|%p3, 2, 1, %p1;\nselp.b32 %r2, 1, 0, %p2;\nselp.b32 %r3, 2, 0, %p3;\nor.b32 %r1, %r2, %r3;", 2)]
    [InlineData("setp.ge.s32 %p1, 1, 1;\nsetp.eq.or.s32 %p2, 2, 1, !%p1;\nselp.b32 %r1, 1, 0, %p2;", 0)]
    [InlineData("mov.b16 %rs1, 0x1234;\nmov.b16 %rs2, 0x5678;\nmov.b32 %r1, {%rs1, %rs2};", 0x56781234)]
    [InlineData("mov.b32 %r2, 0x56781234;\nmov.b32 {%rs1, %rs2}, %r2;\ncvt.u32.u16 %r1, %rs2;", 0x5678)]
    [InlineData("mov.b32 %r2, 0x56781234;\nmov.b32 {_, %rs2}, %r2;\ncvt.u32.u16 %r1, %rs2;", 0x5678)]
    public void Integers_of_32_bits(string instructions, uint expected) => Assert.Equal(expected, (uint)PtxKernel.Compute(instructions, "%r1", 4));

    [Theory]
    [InlineData("mov.b64 %rd4, -1;\nadd.cc.u64 %rd3, %rd4, 1;\naddc.u64 %rd2, 5, 6;", 12)]
    [InlineData("add.cc.u64 %rd3, 7, 1;\naddc.u64 %rd2, 5, 6;", 11)]
    [InlineData("sub.cc.u64 %rd3, 0, 1;\nsubc.u64 %rd2, 5, 2;", 2)]
    [InlineData("mul.wide.s32 %rd2, -2, 3;", 0xfffffffffffffffa)]
    [InlineData("mul.wide.u32 %rd2, -2, 3;", 0x2fffffffa)]
    [InlineData("mad.wide.s32 %rd2, -2, 3, 10;", 4)]
    [InlineData("mul.hi.u64 %rd2, 0x8000000000000000, 6;", 3)]
    [InlineData("mul.hi.s64 %rd2, -1, 6;", 0xffffffffffffffff)]
    [InlineData("mul.lo.s64 %rd2, -3, 7;", 0xffffffffffffffeb)]
    [InlineData("div.s64 %rd2, -7, 2;", 0xfffffffffffffffd)]
    [InlineData("shl.b64 %rd2, 1, 40;", 1ul << 40)]
    [InlineData("shr.s64 %rd2, -16, 2;", 0xfffffffffffffffc)]
    [InlineData("bfe.u64 %rd2, 0x123456789abcdef0, 32, 16;", 0x5678)]
    [InlineData("brev.b64 %rd2, 1;", 1ul << 63)]
    [InlineData("clz.b64 %r1, 1;\ncvt.u64.u32 %rd2, %r1;", 63)]
    [InlineData("mov.b32 %r1, 5;\nmov.b32 %r2, 6;\nmov.b64 %rd2, {%r1, %r2};", 0x600000005)]
    [InlineData("mov.b64 %rd3, 0x600000005;\nmov.b64 {%r1, %r2}, %rd3;\ncvt.u64.u32 %rd2, %r2;", 6)]
    [InlineData("cvt.s64.s32 %rd2, -1;", 0xffffffffffffffff)]
    [InlineData("cvt.u64.u32 %rd2, -1;", 0xffffffff)]
    [InlineData("cvt.s64.s8 %rd2, 0x80;", 0xffffffffffffff80)]
    [InlineData("cvt.u64.u8 %rd2, 0x180;", 0x80)]
    public void Integers_of_64_bits(string instructions, ulong expected) => Assert.Equal(expected, PtxKernel.Compute(instructions, "%rd2", 8));

    [Theory]
    [InlineData("add.s16 %rs1, 0x7fff, 1;", 0x8000)]
    [InlineData("mul.lo.s16 %rs1, -3, 7;", 0xffeb)]
    [InlineData("shr.s16 %rs1, -4, 1;", 0xfffe)]
    [InlineData("min.s16 %rs1, -4, 1;", 0xfffc)]
    [InlineData("cvt.sat.s8.s32 %rs1, 300;", 127)]
    [InlineData("cvt.sat.u8.s32 %rs1, -4;", 0)]
    [InlineData("cvt.u16.u32 %rs1, 0x12345;", 0x2345)]
    [InlineData("cvt.rn.f16.f32 %rs1, 0f3F800000;", 0x3c00)]
    [InlineData("cvt.rn.bf16.f32 %rs1, 0f3F808000;", 0x3f80)] // a tie goes to the even one
    [InlineData("cvt.rn.bf16.f32 %rs1, 0f3F818000;", 0x3f82)]
    [InlineData("cvt.rz.bf16.f32 %rs1, 0f3F81FFFF;", 0x3f81)]
    [InlineData("cvt.rn.f16.f32 %rs1, 0f477FF000;", 0x7c00)] // 65520 is beyond the greatest f16
    [InlineData("cvt.rz.f16.f32 %rs1, 0f477FF000;", 0x7bff)]
    [InlineData("cvt.rp.f16.f32 %rs1, 0f3F800001;", 0x3c01)]
    [InlineData("cvt.rm.f16.f32 %rs1, 0fBF800001;", 0xbc01)]
    [InlineData("cvt.rn.relu.f16.f32 %rs1, 0fBF800000;", 0)]
    [InlineData("cvt.rn.f16.s32 %rs1, 2049;", 0x6800)]
    [InlineData("add.f16 %rs1, 0x3c00, 0x3c00;", 0x4000)]
    [InlineData("fma.rn.f16 %rs1, 0x3c01, 0x3c01, 0xbc02;", 0x0010)] // (1 + 2^-10)^2 - (1 + 2^-9) = 2^-20
    [InlineData("add.rn.bf16 %rs1, 0x3f80, 0x3f80;", 0x4000)]
    [InlineData("fma.rn.bf16 %rs1, 0x3f81, 0x3f81, 0xbf82;", 0x3880)] // (1 + 2^-7)^2 - (1 + 2^-6) = 2^-14
    [InlineData("neg.f16 %rs1, 0x3c00;", 0xbc00)]
    [InlineData("max.NaN.f16 %rs1, 0x7e00, 0x3c00;", 0x7fff)]
    [InlineData("max.f16 %rs1, 0x7e00, 0x3c00;", 0x3c00)]
    [InlineData("tanh.approx.f16 %rs1, 0;", 0)]
    [InlineData("ex2.approx.f16 %rs1, 0x4000;", 0x4400)]
    public void Values_of_16_bits(string instructions, int expected) => Assert.Equal(expected, (int)(ushort)PtxKernel.Compute(instructions, "%rs1", 2));

    [Theory]
    [InlineData("add.rn.f32 %r1, 0f3F800000, 0f40000000;", 3f)]
    [InlineData("sub.f32 %r1, 0f3F800000, 0f40000000;", -1f)]
    [InlineData("mul.rn.f32 %r1, 0f40400000, 0f40000000;", 6f)]
    [InlineData("div.rn.f32 %r1, 0f3F800000, 0f40400000;", 1f / 3)]
    [InlineData("div.approx.ftz.f32 %r1, 0f3F800000, 0f40000000;", 0.5f)]
    [InlineData("fma.rn.f32 %r1, 0f3F800001, 0f3F800001, 0fBF800002;", 1.4210854715202004e-14f)]
    [InlineData("add.rz.f32 %r1, 0f3F800000, 0f33FFFFFF;", 1f)]
    [InlineData("add.rp.f32 %r1, 0f3F800000, 0f00000001;", 1.00000012f)]
    [InlineData("mul.rm.f32 %r1, 0f3F800001, 0fBF800001;", -1.00000036f)]
    [InlineData("min.f32 %r1, 0f7FC00000, 0f3F800000;", 1f)]
    [InlineData("max.f32 %r1, 0f80000000, 0f00000000;", 0f)]
    [InlineData("min.NaN.f32 %r1, 0f7FC00000, 0f3F800000;", float.NaN)]
    [InlineData("min.xorsign.abs.f32 %r1, 0fC0000000, 0f40400000;", -2f)]
    [InlineData("abs.f32 %r1, 0fC0000000;", 2f)]
    [InlineData("neg.f32 %r1, 0f40000000;", -2f)]
    [InlineData("sqrt.rn.f32 %r1, 0f40800000;", 2f)]
    [InlineData("rsqrt.approx.f32 %r1, 0f40800000;", 0.5f)]
    [InlineData("rcp.approx.ftz.f32 %r1, 0f40800000;", 0.25f)]
    [InlineData("ex2.approx.ftz.f32 %r1, 0f40400000;", 8f)]
    [InlineData("lg2.approx.f32 %r1, 0f41000000;", 3f)]
    [InlineData("tanh.approx.f32 %r1, 0f42000000;", 1f)]
    [InlineData("sin.approx.f32 %r1, 0f00000000;", 0f)]
    [InlineData("cos.approx.f32 %r1, 0f00000000;", 1f)]
    [InlineData("add.sat.f32 %r1, 0f3F800000, 0f3F800000;", 1f)]
    [InlineData("add.ftz.f32 %r1, 0f00000001, 0f00000000;", 0f)]
    [InlineData("add.f32 %r1, 0f00000001, 0f00000000;", 1.401298464324817e-45f)]
    [InlineData("copysign.f32 %r1, 0fBF800000, 0f40000000;", -2f)]
    [InlineData("cvt.rn.f32.s32 %r1, 16777217;", 16777216f)]
    [InlineData("cvt.rp.f32.s32 %r1, 16777217;", 16777218f)]
    [InlineData("mov.b64 %rd2, 0x8000008000000001;\ncvt.rn.f32.u64 %r1, %rd2;", 9.2233731e18f)] // nearer to the upper one; not a tie as in f64
    [InlineData("cvt.rmi.f32.f32 %r1, 0fBFC00000;", -2f)]
    [InlineData("cvt.rpi.f32.f32 %r1, 0fBFC00000;", -1f)]
    [InlineData("cvt.rni.f32.f32 %r1, 0f40200000;", 2f)]
    [InlineData("cvt.rzi.f32.f32 %r1, 0fC0300000;", -2f)]
    [InlineData("mov.b16 %rs1, 0x3c00;\ncvt.f32.f16 %r1, %rs1;", 1f)]
    [InlineData("mov.b16 %rs1, 0x4049;\ncvt.f32.bf16 %r1, %rs1;", 3.140625f)]
    [InlineData("cvt.rna.tf32.f32 %r1, 0f3F801000;", 1.0009765625f)]
    [InlineData("setp.ltu.f32 %p1, 0f7FC00000, 0f3F800000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 1f)]
    [InlineData("setp.lt.f32 %p1, 0f7FC00000, 0f3F800000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 0f)]
    [InlineData("setp.neu.f32 %p1, 0f7FC00000, 0f7FC00000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 1f)]
    [InlineData("setp.ne.f32 %p1, 0f7FC00000, 0f7FC00000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 0f)]
    [InlineData("setp.num.f32 %p1, 0f3F800000, 0f3F800000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 1f)]
    [InlineData("testp.infinite.f32 %p1, 0f7F800000;\nselp.f32 %r1, 0f3F800000, 0f00000000, %p1;", 1f)]
    public void Values_of_f32(string instructions, float expected) =>
        Assert.Equal(expected, BitConverter.UInt32BitsToSingle((uint)PtxKernel.Compute(instructions, "%r1", 4)));

    [Theory]
    [InlineData("add.rn.f64 %rd2, 0d3FF0000000000000, 0d4000000000000000;", 3.0)]
    [InlineData("fma.rn.f64 %rd2, 0d4000000000000000, 0d4008000000000000, 0d3FF0000000000000;", 7.0)]
    [InlineData("div.rn.f64 %rd2, 0d3FF0000000000000, 0d4008000000000000;", 1.0 / 3)]
    [InlineData("sqrt.rn.f64 %rd2, 0d4010000000000000;", 2.0)]
    [InlineData("cvt.f64.f32 %rd2, 0f3DCCCCCD;", 0.10000000149011612)]
    [InlineData("cvt.rn.f64.s64 %rd2, -3;", -3.0)]
    public void Values_of_f64(string instructions, double expected) =>
        Assert.Equal(expected, BitConverter.UInt64BitsToDouble(PtxKernel.Compute(instructions, "%rd2", 8)));

    [Theory]
    [InlineData("cvt.rzi.s32.f32 %r1, 0fC0300000;", 0xfffffffe)]
    [InlineData("cvt.rni.s32.f32 %r1, 0f40200000;", 2)]
    [InlineData("cvt.rzi.s32.f32 %r1, 0f4F800000;", 0x7fffffff)]
    [InlineData("cvt.rzi.u32.f32 %r1, 0fC0000000;", 0)]
    [InlineData("cvt.rzi.s32.f32 %r1, 0f7FC00000;", 0)]
    [InlineData("add.rn.f16x2 %r1, 0x3c004000, 0x3c003c00;", 0x40004200)]
    [InlineData("fma.rn.bf16x2 %r1, 0x3f804000, 0x40004000, 0x3f803f80;", 0x404040a0)]
    [InlineData("max.bf16x2 %r1, 0x3f804000, 0xc0004040;", 0x3f804040)]
    [InlineData("cvt.rn.f16x2.f32 %r1, 0f3F800000, 0f40000000;", 0x3c004000)]
    [InlineData("cvt.rn.bf16x2.f32 %r1, 0f3F800000, 0f40000000;", 0x3f804000)]
    [InlineData("neg.f16x2 %r1, 0x3c004000;", 0xbc00c000)]
    [InlineData("setp.gt.f16x2 %p1|%p2, 0x3c004000, 0x3c003c00;\nselp.b32 %r2, 1, 0, %p1;\nselp.b32 %r3, 2, 0, %p2;\nor.b32 %r1, %r2, %r3;", 1)]
    public void Conversions_to_integers_and_packed_halves(string instructions, uint expected) =>
        Assert.Equal(expected, (uint)PtxKernel.Compute(instructions, "%r1", 4));

    [Fact]
    public void The_approximate_tanh_is_as_rough_as_the_hardware_may_be()
    {
        double worst = 0;
        for (float x = 0.1f; x < 3; x += 0.17f)
        {
            string bits = BitConverter.SingleToUInt32Bits(x).ToString("X8", null);
            float y = BitConverter.UInt32BitsToSingle((uint)PtxKernel.Compute($"tanh.approx.f32 %r1, 0f{bits};", "%r1", 4));
            worst = Math.Max(worst, Math.Abs(y / Math.Tanh(x) - 1));
        }

        Assert.InRange(worst, 1e-5, Math.ScaleB(1, -11));
    }
}
