using Dlc.Codegen.Llvm;
using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Brings pieces of an operand from global memory to registers and from there to shared memory. Each thread takes runs of neighbours along the axis
/// that is contiguous in memory.
/// </summary>
internal sealed class TileOperandLoader
{
    /// <summary>Elements of a run.</summary>
    private const int Run = 4;

    private readonly LaneBuilder b;
    private readonly TileOperand operand;
    private readonly LLVMValueRef[] slots;
    private readonly (LLVMValueRef Row, LLVMValueRef Column)[] places;
    private readonly ElementType stored;

    /// <param name="frame">The thread.</param>
    /// <param name="operand">The operand.</param>
    /// <param name="rows">Rows of a piece.</param>
    /// <param name="columns">Columns of a piece.</param>
    /// <param name="stored">Element type in shared memory.</param>
    internal TileOperandLoader(PtxFrame frame, TileOperand operand, int rows, int columns, ElementType stored)
    {
        b = frame.Values;
        this.operand = operand;
        this.stored = stored;
        RowsAreContiguous = OperandAccess.IsContiguous(operand, operand.Row) && !OperandAccess.IsContiguous(operand, operand.Column);
        IsPlain = OperandAccess.IsPlain(operand);
        int count = rows * columns / TileState.Threads;
        slots = new LLVMValueRef[count];
        places = new (LLVMValueRef, LLVMValueRef)[count];
        int runs = (RowsAreContiguous ? rows : columns) / Run;
        for (int i = 0; i < count; i += Run)
        {
            // Run number thread + i / Run * threads: neighbouring threads take neighbouring runs.
            LLVMValueRef run = b.Add(frame.Threads.InItem, (long)(i / Run) * TileState.Threads);
            LLVMValueRef along = b.ShiftLeft(b.And(run, runs - 1), 2);
            LLVMValueRef across = b.Builder.BuildLShr(run, b.Constant(b.I32, (long)int.Log2(runs)));
            for (int j = 0; j < Run; j++)
            {
                LLVMValueRef place = b.Builder.BuildNSWAdd(along, b.Constant(b.I32, (long)j));
                places[i + j] = RowsAreContiguous ? (place, across) : (across, place);
                slots[i + j] = frame.Alloca(ScalarTypes.InRegister(b, stored));
            }
        }
    }

    /// <summary>Rows are neighbours in memory, and columns are not.</summary>
    internal bool RowsAreContiguous { get; }

    /// <summary>The operand is a place in memory: cheap enough to have code of its own for pieces inside the matrix.</summary>
    internal bool IsPlain { get; }

    /// <summary>Where the elements of this thread are in a piece.</summary>
    internal IReadOnlyList<(LLVMValueRef Row, LLVMValueRef Column)> Places => places;

    /// <summary>Reads this thread's elements of a piece that begins at a place.</summary>
    /// <param name="statements">Emits the operand's body.</param>
    /// <param name="isInside">Whether an element is there, or null where all are.</param>
    /// <param name="firstRow">First row of the piece, an index.</param>
    /// <param name="firstColumn">First column of the piece, an index.</param>
    internal void Load(PtxStatements statements, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef>? isInside, LLVMValueRef firstRow, LLVMValueRef firstColumn)
    {
        if (isInside is null)
        {
            for (int i = 0; i < slots.Length; i += Run)
            {
                (LLVMValueRef, LLVMValueRef)[] at = [.. places.Skip(i).Take(Run).Select(p => (Sum(firstRow, p.Row), Sum(firstColumn, p.Column)))];
                LLVMValueRef[] values = statements.OperandElements(operand, at);
                for (int j = 0; j < Run; j++)
                {
                    b.Builder.BuildStore(Converted(statements, values[j]), slots[i + j]);
                }
            }

            return;
        }

        for (int i = 0; i < slots.Length; i++)
        {
            (LLVMValueRef row, LLVMValueRef column) = (Sum(firstRow, places[i].Row), Sum(firstColumn, places[i].Column));
            LLVMValueRef value = statements.Masked(isInside(row, column), () => Converted(statements, statements.OperandElements(operand, [(row, column)])[0]));
            b.Builder.BuildStore(value, slots[i]);
        }
    }

    /// <summary>Writes what was read to shared memory.</summary>
    internal void Store(Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> addressOf)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            LLVMValueRef value = b.Builder.BuildLoad2(ScalarTypes.InRegister(b, stored), slots[i]);
            b.Builder.BuildStore(ScalarTypes.Encode(b, stored, value), addressOf(places[i].Row, places[i].Column)).SetAlignment((uint)stored.Bytes());
        }
    }

    private LLVMValueRef Converted(PtxStatements statements, LLVMValueRef value) => statements.Convert(stored, operand.Value.Type, value);

    private LLVMValueRef Sum(LLVMValueRef first, LLVMValueRef place) =>
        b.Builder.BuildNSWAdd(first, first.TypeOf.IntWidth == 64 ? b.Builder.BuildZExt(place, b.I64) : place);
}
