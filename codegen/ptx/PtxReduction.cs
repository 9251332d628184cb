using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Combines what the threads of a work item found: by exchanging registers within warps, and through shared memory between them. All threads get
/// the same bits, in an order that depends on their number alone.
/// </summary>
internal sealed class PtxReduction(PtxFrame frame)
{
    private readonly LaneBuilder b = frame.Values;
    private readonly ThreadPlace threads = frame.Threads;
    private LLVMValueRef shared;

    /// <summary>Sets the variable to what leaves any value unchanged; gives what it held.</summary>
    internal LLVMValueRef Begin(Reduction reduction, PtxFrame.Binding variable)
    {
        LLVMValueRef initial = b.Builder.BuildLoad2(variable.Type, variable.Slot);
        b.Builder.BuildStore(frame.Arithmetic.Identity(reduction.Op, reduction.Var.Type, 0), variable.Slot);
        return initial;
    }

    /// <summary>Combines the variables of all threads with <paramref name="initial"/>.</summary>
    internal void End(Reduction reduction, PtxFrame.Binding variable, LLVMValueRef initial)
    {
        ElementType type = reduction.Var.Type;
        LLVMValueRef sum = b.Builder.BuildLoad2(variable.Type, variable.Slot);
        LLVMValueRef Combine(LLVMValueRef x, LLVMValueRef y) => frame.Arithmetic.Binary(reduction.Op, type, x, y);
        for (int distance = GpuModel.WarpThreads / 2; distance > 0; distance /= 2)
        {
            sum = Combine(sum, Exchange(sum, distance));
        }

        if (threads.PerItem > GpuModel.WarpThreads)
        {
            sum = AcrossWarps(sum, Combine);
        }

        b.Builder.BuildStore(Combine(initial, sum), variable.Slot);
    }

    /// <summary>All threads of the work item arrive before any leaves.</summary>
    internal void Barrier()
    {
        if (threads.PerItem > GpuModel.WarpThreads)
        {
            b.Call("llvm.nvvm.barrier.cta.sync.aligned.all", [], b.Constant(b.I32, 0L));
        }
        else if (threads.PerItem > 1)
        {
            b.Call("llvm.nvvm.bar.warp.sync", [], b.Constant(b.I32, -1L));
        }
    }

    private LLVMValueRef AcrossWarps(LLVMValueRef sum, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> combine)
    {
        int warps = threads.PerItem / GpuModel.WarpThreads;
        if (shared.Handle == 0)
        {
            LLVMTypeRef array = LLVMTypeRef.CreateArray(b.I64, (ulong)warps);
            shared = b.Module.AddGlobalInAddressSpace(array, threads.SharedName + "_sums", PtxFrame.Shared);
            shared.SetUndefined();
            shared.SetAlignment(16);
        }

        LLVMValueRef warp = b.Builder.BuildLShr(threads.InItem, b.Constant(b.I32, 5L));
        LLVMValueRef isFirst = b.ICmp(LLVMIntPredicate.LLVMIntEQ, b.And(threads.InItem, GpuModel.WarpThreads - 1), 0);
        LLVMBasicBlockRef write = b.Function.AppendBasicBlock(b.Context, "sum.write");
        LLVMBasicBlockRef read = b.Function.AppendBasicBlock(b.Context, "sum.read");
        bool isBit = sum.TypeOf.Kind == LLVMTypeKind.LLVMIntegerTypeKind && sum.TypeOf.IntWidth == 1;
        LLVMValueRef stored = isBit ? b.Builder.BuildZExt(sum, b.I32) : sum;
        b.Builder.BuildCondBr(isFirst, write, read);
        b.Builder.PositionAtEnd(write);
        b.Builder.BuildStore(stored, b.Builder.BuildGEP2(stored.TypeOf, shared, warp));
        b.Builder.BuildBr(read);
        b.Builder.PositionAtEnd(read);
        Barrier();
        LLVMValueRef? total = null;
        for (int w = 0; w < warps; w++)
        {
            LLVMValueRef part = b.Builder.BuildLoad2(stored.TypeOf, b.Builder.BuildGEP2(stored.TypeOf, shared, b.Constant(b.I32, (long)w)));
            part = isBit ? b.Builder.BuildTrunc(part, b.Bit) : part;
            total = total is { } others ? combine(others, part) : part;
        }

        // The next sum is written only when all have read this one.
        Barrier();
        return total!.Value;
    }

    /// <summary>The value of the thread whose number differs in one bit.</summary>
    internal LLVMValueRef Exchange(LLVMValueRef value, int distance)
    {
        LLVMTypeRef type = value.TypeOf;
        if (type.Kind == LLVMTypeKind.LLVMFloatTypeKind)
        {
            return b.BitCast(Word(b.BitCast(value, b.I32), distance), type);
        }

        if (type.Kind == LLVMTypeKind.LLVMDoubleTypeKind)
        {
            return b.BitCast(Exchange(b.BitCast(value, b.I64), distance), type);
        }

        if (type.IntWidth == 64)
        {
            LLVMValueRef half = b.Constant(b.I64, 32L);
            LLVMValueRef low = Word(b.Builder.BuildTrunc(value, b.I32), distance);
            LLVMValueRef high = Word(b.Builder.BuildTrunc(b.Builder.BuildLShr(value, half), b.I32), distance);
            return b.Builder.BuildOr(b.Builder.BuildShl(b.Builder.BuildZExt(high, b.I64), half), b.Builder.BuildZExt(low, b.I64));
        }

        return type.IntWidth == 32 ? Word(value, distance) : b.Builder.BuildTrunc(Word(b.Builder.BuildZExt(value, b.I32), distance), type);
    }

    private LLVMValueRef Word(LLVMValueRef word, int distance) => b.Call(
        "llvm.nvvm.shfl.sync.bfly.i32", [], b.Constant(b.I32, -1L), word, b.Constant(b.I32, (long)distance), b.Constant(b.I32, 31L));
}
