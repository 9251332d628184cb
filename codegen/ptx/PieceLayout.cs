using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;

namespace Dlc.Codegen.Ptx;

/// <summary>How a piece of an operand lies in shared memory.</summary>
/// <param name="Lines">Lines of the piece.</param>
/// <param name="Stride">Elements from one line to the next.</param>
/// <param name="LinesAreColumns">A line is a column of the operand instead of a row.</param>
internal readonly record struct PieceLayout(int Lines, int Stride, bool LinesAreColumns)
{
    /// <summary>Elements of the piece with what lies between.</summary>
    internal int Count => Lines * Stride;

    /// <summary>The address of an element.</summary>
    internal LLVMValueRef Address(LaneBuilder b, LLVMValueRef piece, LLVMValueRef row, LLVMValueRef column, ElementType type)
    {
        (LLVMValueRef line, LLVMValueRef place) = LinesAreColumns ? (column, row) : (row, column);
        LLVMValueRef offset = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(line, b.Constant(b.I32, (long)Stride)), place);
        return b.Builder.BuildGEP2(ScalarTypes.InMemory(b, type), piece, offset);
    }
}
