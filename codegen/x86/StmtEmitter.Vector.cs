using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <content>
/// Vector loops: whole vectors without masks, then one masked round for the rest. Loops that reduce keep several accumulators, because
/// one would wait for its own last sum, and combine them in a fixed order.
/// </content>
internal sealed partial class StmtEmitter
{
    // Instructions of a body up to which it may stand in the code several times.
    private const int SmallBody = 24;
    private const int MediumBody = 64;
    private const int Accumulators = 4;

    // Instructions that a loop of constant extent may unroll to.
    private const int UnrolledInstructions = 160;

    private void EmitVector(ForStmt loop)
    {
        LLVMValueRef start = exprs.Scalar(loop.Start);
        LLVMValueRef end = exprs.Scalar(loop.End);
        LLVMValueRef count = AtLeastZero(b.Sub(end, start));
        int lanes = Lanes(count);
        BodyCost cost = BodyCost.Of(loop.Body);
        if (lanes == 1)
        {
            CountedLoop(start, end, 1, i =>
            {
                frame.Bind(loop.Var, LaneValue.Uniform(i));
                Emit(loop.Body);
            });
            return;
        }

        int copies = Copies(loop, cost, count, lanes);
        Divergence? outer = frame.Divergence;
        frame.Divergence = Divergence.Of(loop.Body, [loop.Var, .. loop.Reductions.Select(r => r.Var)]);
        Accumulator[] accumulators = [.. loop.Reductions.Select(r => new Accumulator(r, frame, lanes, copies))];
        LLVMValueRef whole = b.Add(start, b.And(count, -lanes));
        if (count.IsAConstantInt && count.ConstIntSExt / lanes * cost.Instructions <= UnrolledInstructions && !cost.HasControlFlow)
        {
            for (long i = 0; i < count.ConstIntSExt / lanes; i++)
            {
                EmitLanes(loop, b.Add(start, i * lanes), new LaneScope(lanes, null), accumulators, (int)(i % copies));
            }
        }
        else
        {
            LLVMValueRef next = start;
            if (copies > 1)
            {
                int step = lanes * copies;
                next = b.Add(start, b.And(count, -step));
                CountedLoop(start, next, step, i =>
                {
                    for (int copy = 0; copy < copies; copy++)
                    {
                        EmitLanes(loop, b.Add(i, copy * lanes), new LaneScope(lanes, null), accumulators, copy);
                    }
                });
            }

            CountedLoop(next, whole, lanes, i => EmitLanes(loop, i, new LaneScope(lanes, null), accumulators, 0));
        }

        EmitTail(loop, whole, b.Sub(count, b.And(count, -lanes)), lanes, accumulators);
        frame.Divergence = outer;
        foreach (Accumulator accumulator in accumulators)
        {
            accumulator.Combine();
        }

        exprs.BeginStatement();
    }

    /// <summary>The iterations after the last whole vector, in one masked round, if there are any.</summary>
    private void EmitTail(ForStmt loop, LLVMValueRef start, LLVMValueRef left, int lanes, Accumulator[] accumulators)
    {
        if (left.IsAConstantInt && left.ConstIntSExt <= 0)
        {
            return;
        }

        Branch(
            b.ICmp(LLVMIntPredicate.LLVMIntSGT, left, 0),
            () => EmitLanes(loop, start, new LaneScope(lanes, b.LowLanes(left, lanes), left), accumulators, 0),
            null);
    }

    private void EmitLanes(ForStmt loop, LLVMValueRef start, LaneScope scope, Accumulator[] accumulators, int copy)
    {
        LaneScope outer = frame.Scope;
        frame.Scope = scope;
        frame.Bind(loop.Var, LaneValue.Linear(start, b.Constant(b.I64, 1L)));
        foreach (Accumulator accumulator in accumulators)
        {
            accumulator.Use(copy);
        }

        Emit(loop.Body);
        frame.Scope = outer;
    }

    private LLVMValueRef AtLeastZero(LLVMValueRef count) => count.IsAConstantInt
        ? b.Constant(b.I64, Math.Max(0, count.ConstIntSExt))
        : b.Call("llvm.smax", [b.I64], count, b.Constant(b.I64, 0L));

    private int Lanes(LLVMValueRef count)
    {
        int lanes = b.Machine.VectorLanes;
        while (count.IsAConstantInt && lanes > 1 && lanes / 2 >= count.ConstIntSExt)
        {
            lanes /= 2;
        }

        return lanes;
    }

    private static int Copies(ForStmt loop, BodyCost cost, LLVMValueRef count, int lanes)
    {
        if (loop.Reductions.Count == 0 || cost.HasControlFlow || (count.IsAConstantInt && count.ConstIntSExt < 2 * lanes))
        {
            return 1;
        }

        return cost.Instructions <= SmallBody ? Accumulators : cost.Instructions <= MediumBody ? Accumulators / 2 : 1;
    }

    /// <summary>The partial results of one reduced variable: <c>copies</c> vectors that start as the operator's identity.</summary>
    private sealed class Accumulator
    {
        private readonly Reduction reduction;
        private readonly Frame frame;
        private readonly Frame.Binding whole;
        private readonly Frame.Binding[] parts;

        internal Accumulator(Reduction reduction, Frame frame, int lanes, int copies)
        {
            this.reduction = reduction;
            this.frame = frame;
            whole = frame.Lookup(reduction.Var);
            parts = new Frame.Binding[copies];
            LLVMValueRef identity = frame.Arithmetic.Identity(reduction.Op, reduction.Var.Type, lanes);
            for (int i = 0; i < copies; i++)
            {
                parts[i] = frame.BindSlot(reduction.Var, lanes);
                frame.Values.Builder.BuildStore(identity, parts[i].Slot);
            }
        }

        /// <summary>Makes the loop body update vector <paramref name="copy"/>.</summary>
        internal void Use(int copy) => frame.Bind(reduction.Var, parts[copy]);

        /// <summary>Folds vectors, then halves of the one left, into the variable around the loop.</summary>
        internal void Combine()
        {
            LaneBuilder b = frame.Values;
            List<LLVMValueRef> values = [.. parts.Select(p => b.Builder.BuildLoad2(p.Type, p.Slot))];
            while (values.Count > 1)
            {
                values = [.. values.Chunk(2).Select(pair => pair.Length == 2 ? Apply(pair[0], pair[1]) : pair[0])];
            }

            LLVMValueRef sum = values[0];
            for (int half = LaneBuilder.Lanes(sum) / 2; half > 1; half /= 2)
            {
                sum = Apply(b.Slice(sum, 0, half), b.Slice(sum, half, half));
            }

            LLVMValueRef low = b.Builder.BuildExtractElement(sum, b.Constant(b.I32, 0L));
            LLVMValueRef high = b.Builder.BuildExtractElement(sum, b.Constant(b.I32, 1L));
            LLVMValueRef result = Apply(b.Builder.BuildLoad2(whole.Type, whole.Slot), Apply(low, high));
            b.Builder.BuildStore(result, whole.Slot);
            frame.Bind(reduction.Var, whole);
        }

        private LLVMValueRef Apply(LLVMValueRef x, LLVMValueRef y) =>
            frame.Arithmetic.Binary(reduction.Op, reduction.Var.Type, x, y);
    }
}
