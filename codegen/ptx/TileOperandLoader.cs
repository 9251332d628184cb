using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Brings pieces of an operand from global memory to registers and from there to shared memory. Each thread takes runs of neighbours along the axis
/// that is contiguous in memory.
/// </summary>
internal sealed class TileOperandLoader
{
    /// <summary>Bytes of the widest access.</summary>
    private const int AccessBytes = 16;

    private readonly LaneBuilder b;
    private readonly PtxFrame frame;
    private readonly TileOperand operand;
    private readonly OperandAccess access;

    // Elements of a run.
    private readonly int run;
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
        this.frame = frame;
        this.operand = operand;
        this.stored = stored;
        access = new OperandAccess(operand);
        run = Math.Max(4, AccessBytes / stored.Bytes());
        RowsAreContiguous = access.IsContiguous(operand.Row) && !access.IsContiguous(operand.Column);
        IsPlain = access.IsPlain;
        CanCopy = run * stored.Bytes() == AccessBytes && access.IsCopy(stored) && (RowsAreContiguous || access.IsContiguous(operand.Column));
        int count = rows * columns / TileState.Threads;
        slots = new LLVMValueRef[count];
        places = new (LLVMValueRef, LLVMValueRef)[count];
        int runs = (RowsAreContiguous ? rows : columns) / run;
        for (int i = 0; i < count; i += run)
        {
            // Run number thread + i / run * threads: neighbouring threads take neighbouring runs.
            LLVMValueRef number = b.Add(frame.Threads.InItem, (long)(i / run) * TileState.Threads);
            LLVMValueRef along = b.ShiftLeft(b.And(number, runs - 1), int.Log2(run));
            LLVMValueRef across = b.Builder.BuildLShr(number, b.Constant(b.I32, (long)int.Log2(runs)));
            for (int j = 0; j < run; j++)
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

    /// <summary>Runs can be copied to shared memory without a stop in registers, where they are aligned.</summary>
    internal bool CanCopy { get; }

    /// <summary>Whether all runs of pieces that begin at multiples of a run are aligned: the first element is, and the stride from line to line.</summary>
    internal LLVMValueRef IsAligned(PtxStatements statements)
    {
        LLVMValueRef zero = frame.IndexType.Null;
        LLVMValueRef one = b.Constant(frame.IndexType, 1L);
        (LLVMValueRef, LLVMValueRef) next = RowsAreContiguous ? (zero, one) : (one, zero);
        LLVMValueRef[] indices = statements.OperandIndices(operand, access.Load!, [(zero, zero), next]);
        LLVMValueRef both = b.Builder.BuildOr(indices[0], b.Sub(indices[1], indices[0]));
        return b.ICmp(LLVMIntPredicate.LLVMIntEQ, b.And(both, run - 1), 0);
    }

    /// <summary>Starts the copies of this thread's runs of a piece that is all inside.</summary>
    internal void Copy(PtxStatements statements, LLVMValueRef firstRow, LLVMValueRef firstColumn, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> addressOf)
    {
        LLVMTypeRef element = ScalarTypes.InMemory(b, stored);
        for (int i = 0; i < slots.Length; i += run)
        {
            (LLVMValueRef row, LLVMValueRef column) = places[i];
            LLVMValueRef index = statements.OperandIndices(operand, access.Load!, [(Sum(firstRow, row), Sum(firstColumn, column))])[0];
            LLVMValueRef from = b.Builder.BuildInBoundsGEP2(element, frame.Lookup(access.Load!.Buffer), index);
            b.Call("llvm.nvvm.cp.async.cg.shared.global.16", [], addressOf(row, column), from);
        }
    }

    /// <summary>Reads this thread's elements of a piece that begins at a place.</summary>
    /// <param name="statements">Emits the operand's body.</param>
    /// <param name="isInside">Whether an element is there, or null where all are.</param>
    /// <param name="firstRow">First row of the piece, an index.</param>
    /// <param name="firstColumn">First column of the piece, an index.</param>
    internal void Load(PtxStatements statements, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef>? isInside, LLVMValueRef firstRow, LLVMValueRef firstColumn)
    {
        if (isInside is null)
        {
            for (int i = 0; i < slots.Length; i += run)
            {
                (LLVMValueRef, LLVMValueRef)[] at = [.. places.Skip(i).Take(run).Select(p => (Sum(firstRow, p.Row), Sum(firstColumn, p.Column)))];
                LLVMValueRef[] values = statements.OperandElements(operand, at);
                for (int j = 0; j < run; j++)
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
