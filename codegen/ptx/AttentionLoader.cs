using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Brings lines of queries, keys or values to shared memory, with zeros where there are none and behind their ends: by asynchronous copies of 16 bytes where
/// memory allows, else element by element.
/// </summary>
internal sealed class AttentionLoader
{
    private const int AccessBytes = 16;

    /// <summary>Elements that a thread reads before it writes the first.</summary>
    private const int Together = 4;

    /// <summary>Copies that stand in the code one after the other; more would keep too many addresses in registers.</summary>
    private const int CopiesTogether = 4;

    private readonly PtxStatements statements;
    private readonly PtxFrame frame;
    private readonly LaneBuilder b;
    private readonly TileOperand operand;
    private readonly OperandAccess access;
    private readonly AttentionShape shape;
    private readonly bool linesAreColumns;
    private readonly int lines;
    private readonly int length;
    private readonly int padded;
    private readonly int stride;
    private readonly LLVMValueRef memory;
    private readonly bool canCopy;
    private readonly LLVMValueRef isAligned;

    /// <param name="statements">Emits the operand's body.</param>
    /// <param name="frame">The thread.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="operand">What is read.</param>
    /// <param name="linesAreColumns">Whether a line is a column of the operand.</param>
    /// <param name="lines">Lines in shared memory.</param>
    /// <param name="length">Elements of a line.</param>
    /// <param name="padded">Elements of a line in shared memory.</param>
    /// <param name="memory">Where the first line goes.</param>
    internal AttentionLoader(PtxStatements statements, PtxFrame frame, AttentionShape shape, TileOperand operand, bool linesAreColumns, int lines, int length,
        int padded, LLVMValueRef memory)
    {
        (this.statements, this.frame, this.shape, this.operand, this.memory) = (statements, frame, shape, operand, memory);
        (this.linesAreColumns, this.lines, this.length, this.padded) = (linesAreColumns, lines, length, padded);
        b = frame.Values;
        access = new OperandAccess(operand);
        stride = padded + shape.Padding;
        canCopy = length % Run == 0 && access.IsCopy(shape.Stored) && access.IsContiguous(linesAreColumns ? operand.Row : operand.Column);
        if (canCopy)
        {
            (LLVMValueRef zero, LLVMValueRef one) = (frame.IndexType.Null, b.Constant(frame.IndexType, 1L));
            LLVMValueRef[] indices = statements.OperandIndices(operand, access.Load!, [(zero, zero), Place(one, zero)]);
            LLVMValueRef both = b.Builder.BuildOr(indices[0], b.Sub(indices[1], indices[0]));
            isAligned = b.ICmp(LLVMIntPredicate.LLVMIntEQ, b.And(both, Run - 1), 0);
        }
    }

    private int Run => AccessBytes / shape.Stored.Bytes();

    /// <summary>Starts to bring lines from <paramref name="first"/> on, of which <paramref name="count"/> are there, one at least; both are indices.</summary>
    internal void Load(LLVMValueRef first, LLVMValueRef count)
    {
        if (canCopy)
        {
            statements.Either(isAligned, () => Copy(first, count), () => LoadElements(first, count));
        }
        else
        {
            LoadElements(first, count);
        }
    }

    private void Copy(LLVMValueRef first, LLVMValueRef count)
    {
        LLVMTypeRef element = ScalarTypes.InMemory(b, shape.Stored);
        int runs = padded / Run;
        int total = lines * runs;
        if (shape.Threads % runs != 0)
        {
            statements.Repeat(frame.Threads.InItem, total, shape.Threads, number =>
            {
                (LLVMValueRef line, LLVMValueRef run) = Split(number, runs);
                CopyRun(line, run);
            });
            return;
        }

        // A thread has the same run of every so many lines: one address and a stride.
        (LLVMValueRef own, LLVMValueRef place) = Split(frame.Threads.InItem, runs);
        int step = shape.Threads / runs;
        int together = Math.Max(1, Math.Min(CopiesTogether, lines / step));
        statements.Repeat(b.I32.Null, lines, step * together, line =>
        {
            for (int i = 0; i < together; i++)
            {
                LLVMValueRef mine = b.Builder.BuildNSWAdd(b.Builder.BuildNSWAdd(own, line), b.Constant(b.I32, (long)i * step));
                if (step > lines)
                {
                    statements.Either(b.ICmp(LLVMIntPredicate.LLVMIntULT, mine, lines), () => CopyRun(mine, place), null);
                }
                else
                {
                    CopyRun(mine, place);
                }
            }
        });

        void CopyRun(LLVMValueRef line, LLVMValueRef run)
        {
            LLVMValueRef at = b.Builder.BuildNSWMul(run, b.Constant(b.I32, (long)Run));
            LLVMValueRef isThere = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, Index(line), count);
            if (padded != length)
            {
                isThere = b.Builder.BuildAnd(isThere, b.ICmp(LLVMIntPredicate.LLVMIntSLT, at, length));
            }

            // Where nothing is read the address does not matter.
            LLVMValueRef index = statements.OperandIndices(operand, access.Load!, [Place(b.Builder.BuildNSWAdd(first, Index(line)), Index(at))])[0];
            LLVMValueRef source = b.Builder.BuildGEP2(element, frame.Lookup(access.Load!.Buffer), index);
            LLVMValueRef bytes = b.Select(isThere, b.Constant(b.I32, (long)AccessBytes), b.I32.Null);
            b.Call("llvm.nvvm.cp.async.cg.shared.global.16.s", [], Address(line, at), source, bytes);
        }
    }

    private void LoadElements(LLVMValueRef first, LLVMValueRef count)
    {
        LLVMValueRef one = b.Constant(frame.IndexType, 1L);
        LLVMValueRef last = b.Sub(count, one);
        bool alongLines = access.IsContiguous(linesAreColumns ? operand.Column : operand.Row);
        int total = lines * padded;
        int together = total % (shape.Threads * Together) == 0 ? Together : 1;
        int step = shape.Threads * together;

        // A shuffle that changes nothing stays where it is: what is made of its result is not kept in registers for a branch that hardly ever runs.
        LLVMValueRef own = canCopy ? statements.Exchange(frame.Threads.InItem, 0) : frame.Threads.InItem;
        statements.Repeat(own, total, step, number =>
        {
            // 16 lines of 8 elements, the least there are, are a round of all threads: there is no part of one.
            var places = new (LLVMValueRef Line, LLVMValueRef At)[together];
            var sources = new (LLVMValueRef, LLVMValueRef)[together];
            var isThere = new LLVMValueRef[together];
            for (int i = 0; i < together; i++)
            {
                // Neighbouring threads take what are neighbours in memory.
                LLVMValueRef mine = b.Add(number, (long)i * shape.Threads);
                (LLVMValueRef far, LLVMValueRef near) = Split(mine, alongLines ? lines : padded);
                (LLVMValueRef line, LLVMValueRef at) = places[i] = alongLines ? (near, far) : (far, near);
                isThere[i] = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, Index(line), count);
                LLVMValueRef inside = Index(at);
                if (padded != length)
                {
                    isThere[i] = b.Builder.BuildAnd(isThere[i], b.ICmp(LLVMIntPredicate.LLVMIntSLT, at, length));
                    inside = Least(inside, b.Constant(frame.IndexType, length - 1L));
                }

                sources[i] = Place(b.Builder.BuildNSWAdd(first, Least(Index(line), last)), inside);
            }

            LLVMValueRef[] values = statements.OperandElements(operand, sources);
            for (int i = 0; i < together; i++)
            {
                LLVMValueRef value = statements.Convert(shape.Stored, operand.Value.Type, values[i]);
                value = b.Select(isThere[i], value, value.TypeOf.Null);
                b.Builder.BuildStore(ScalarTypes.Encode(b, shape.Stored, value), Address(places[i].Line, places[i].At)).SetAlignment((uint)shape.Stored.Bytes());
            }
        });
    }

    private (LLVMValueRef Quotient, LLVMValueRef Remainder) Split(LLVMValueRef number, int by)
    {
        LLVMValueRef divisor = b.Constant(b.I32, (long)by);
        return (b.Builder.BuildUDiv(number, divisor), b.Builder.BuildURem(number, divisor));
    }

    private LLVMValueRef Address(LLVMValueRef line, LLVMValueRef at) => new PieceLayout(lines, stride, false).Address(b, memory, line, at, shape.Stored);

    /// <summary>Row and column of the operand.</summary>
    private (LLVMValueRef Row, LLVMValueRef Column) Place(LLVMValueRef line, LLVMValueRef at) => linesAreColumns ? (at, line) : (line, at);

    private LLVMValueRef Index(LLVMValueRef place) => frame.IsNarrow ? place : b.Builder.BuildZExt(place, b.I64);

    private LLVMValueRef Least(LLVMValueRef x, LLVMValueRef y) => b.Call("llvm.smin", [x.TypeOf], x, y);
}
