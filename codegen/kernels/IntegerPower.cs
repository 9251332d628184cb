using Dlc.Codegen.Llvm;
using Dlc.IR;

namespace Dlc.Codegen.Kernels;

/// <summary>Integer power by squaring, lane by lane, wrapping; a negative exponent gives 0 unless the base is 1 or -1.</summary>
internal static class IntegerPower
{
    internal static LLVMValueRef Emit(LaneBuilder b, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMTypeRef wide = x.TypeOf;
        LLVMValueRef zero = wide.Null;
        LLVMValueRef one = b.Constant(wide, 1L);
        LLVMBasicBlockRef entry = b.Builder.InsertBlock;
        LLVMBasicBlockRef head = b.Function.AppendBasicBlock(b.Context, "pow.head");
        LLVMBasicBlockRef body = b.Function.AppendBasicBlock(b.Context, "pow.body");
        LLVMBasicBlockRef exit = b.Function.AppendBasicBlock(b.Context, "pow.exit");
        LLVMValueRef negative = type.IsSigned() ? b.ICmp(LLVMIntPredicate.LLVMIntSLT, y, 0) : LaneBuilder.Like(b.Bit, x).Null;
        LLVMValueRef times = b.Select(negative, zero, y);
        b.Builder.BuildBr(head);

        b.Builder.PositionAtEnd(head);
        LLVMValueRef product = b.Builder.BuildPhi(wide);
        LLVMValueRef square = b.Builder.BuildPhi(wide);
        LLVMValueRef rest = b.Builder.BuildPhi(wide);
        product.AddIncoming(one, entry);
        square.AddIncoming(x, entry);
        rest.AddIncoming(times, entry);
        b.Builder.BuildCondBr(b.Any(b.ICmp(LLVMIntPredicate.LLVMIntNE, rest, 0)), body, exit);

        b.Builder.PositionAtEnd(body);
        LLVMValueRef odd = b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(rest, 1), 0);
        product.AddIncoming(b.Builder.BuildMul(product, b.Select(odd, square, one)), body);
        square.AddIncoming(b.Builder.BuildMul(square, square), body);
        rest.AddIncoming(b.Builder.BuildLShr(rest, one), body);
        b.Builder.BuildBr(head);

        b.Builder.PositionAtEnd(exit);
        if (!type.IsSigned())
        {
            return product;
        }

        LLVMValueRef minusOne = wide.AllOnes;
        LLVMValueRef sign = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(y, 1), 0), minusOne, one);
        LLVMValueRef inverse = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntEQ, x, -1), sign, zero);
        inverse = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntEQ, x, 1), one, inverse);
        return b.Select(negative, inverse, product);
    }
}
