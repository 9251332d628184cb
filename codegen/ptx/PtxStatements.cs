using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Emits statements of one thread. Tiles have files of their own.</summary>
internal sealed partial class PtxStatements : StatementEmitter
{
    private const uint LocalAlignment = 16;

    /// <summary>Rounds of a loop over a row that are written out; more would not fit into registers.</summary>
    private const int MaximumRounds = 32;

    private readonly PtxFrame frame;
    private readonly LaneBuilder b;
    private readonly PtxExpressions exprs;
    private readonly PtxReduction reduction;

    internal PtxStatements(PtxFrame frame)
        : base(frame.Values)
    {
        this.frame = frame;
        b = frame.Values;
        exprs = new PtxExpressions(frame);
        reduction = new PtxReduction(frame);
    }

    /// <summary>Runs the work items <paramref name="first"/>, <paramref name="first"/> + <paramref name="stride"/> and so on.</summary>
    internal void EmitWorkItems(ForStmt loop, LLVMValueRef first, LLVMValueRef stride)
    {
        LLVMValueRef end = exprs.Index(loop.End);
        CountedLoop(first, end, stride, item =>
        {
            frame.BindIndex(loop.Var, item, isNatural: true);
            Emit(loop.Body);
        });
    }

    protected override void BeginStatement() => exprs.BeginStatement();

    protected override LLVMValueRef Scalar(Expr expr) => exprs.Value(expr);

    protected override void EmitOwn(Stmt statement)
    {
        switch (statement)
        {
            case TileProductStmt product:
                EmitTileProduct(product);
                break;
            case TileAttentionStmt attention:
                EmitTileAttention(attention);
                break;
            default:
                base.EmitOwn(statement);
                break;
        }
    }

    protected override void EmitDeclare(DeclareStmt declare) => b.Builder.BuildStore(exprs.Value(declare.Initial), frame.BindSlot(declare.Var).Slot);

    protected override void EmitAssign(AssignStmt assign) => b.Builder.BuildStore(exprs.Value(assign.Value), frame.Lookup(assign.Var).Slot);

    protected override void EmitLet(LetStmt let)
    {
        LLVMValueRef value = exprs.Value(let.Value);
        bool isIndex = let.Var.Type == ElementType.Int64;
        frame.Bind(let.Var, new PtxFrame.Binding(value, isIndex ? exprs.Index(let.Value) : value, default, default)
        {
            IsPosition = isIndex && exprs.IsPosition(let.Value),
            IsNatural = isIndex && exprs.IsNatural(let.Value),
        });
    }

    protected override void EmitStore(StoreStmt store)
    {
        LLVMValueRef value = exprs.Value(store.Value);
        LLVMValueRef? condition = store.Mask is null ? null : exprs.Value(store.Mask);
        if (!frame.IsSpread && frame.Threads.PerItem > 1)
        {
            if (frame.MayOverwrite(store.Buffer))
            {
                // Others may not have read yet what lies there.
                Barrier();
            }

            LLVMValueRef isFirst = b.ICmp(LLVMIntPredicate.LLVMIntEQ, frame.Threads.InItem, 0);
            condition = condition is { } mask ? b.Builder.BuildAnd(isFirst, mask) : isFirst;
        }

        if (condition is { } where)
        {
            Branch(where, () => exprs.StoreAt(store.Buffer.Type, exprs.Address(store.Buffer, store.Index), value), null);
        }
        else
        {
            exprs.StoreAt(store.Buffer.Type, exprs.Address(store.Buffer, store.Index), value);
        }
    }

    protected override void EmitAlloc(KernelBuffer buffer)
    {
        if (buffer.Space == AddressSpace.Local)
        {
            LLVMTypeRef array = LLVMTypeRef.CreateArray(ScalarTypes.InMemory(b, buffer.Type), checked((ulong)buffer.Count!.Constant));
            frame.Bind(buffer, frame.Alloca(array, LocalAlignment));
        }
        else if (buffer.Space == AddressSpace.Shared)
        {
            EmitShared(buffer);
        }
    }

    /// <summary>Memory of the block. Work items of a thread or a warp share a block with others, whose memory it would be too.</summary>
    private void EmitShared(KernelBuffer buffer)
    {
        if (frame.Threads.PerItem != frame.Threads.PerBlock)
        {
            throw new InvalidOperationException($"{buffer} is shared by {frame.Threads.PerItem} threads of a block of {frame.Threads.PerBlock}");
        }

        LLVMTypeRef array = LLVMTypeRef.CreateArray(ScalarTypes.InMemory(b, buffer.Type), checked((ulong)buffer.Count!.Constant));
        LLVMValueRef memory = b.Module.AddGlobalInAddressSpace(array, $"{frame.Threads.SharedName}_{buffer}", PtxFrame.Shared);
        memory.SetUndefined();
        memory.SetAlignment(LocalAlignment);
        frame.Bind(buffer, memory);
    }

    protected override void EmitCheck(CheckStmt check)
    {
        LLVMValueRef failed = b.Builder.BuildNot(exprs.Value(check.Condition));
        Branch(failed, () =>
        {
            LLVMValueRef code = b.Builder.BuildOr(frame.Status.Launch, b.Constant(b.I64, 1L + check.Message));
            b.Builder.BuildAtomicRMW(LLVMAtomicRMWBinOp.LLVMAtomicRMWBinOpUMin, frame.Status.Address, code);
        }, null);
    }

    protected override void EmitFor(ForStmt loop)
    {
        LLVMValueRef start = exprs.Index(loop.Start);
        LLVMValueRef end = exprs.Index(loop.End);
        bool isNatural = exprs.IsNatural(loop.Start);
        if (loop.Kind == LoopKind.Unrolled)
        {
            EmitUnrolled(loop, start, end, isNatural);
            return;
        }

        void Body(LLVMValueRef i)
        {
            frame.BindIndex(loop.Var, i, isNatural);
            Emit(loop.Body);
        }

        int threads = frame.Threads.PerItem;
        if (loop.Kind != LoopKind.Vector || frame.IsSpread || threads == 1)
        {
            CountedLoop(start, end, 1, Body);
            return;
        }

        // The iterations go round the threads: neighbours touch neighbouring elements.
        LLVMValueRef[] initial = [.. loop.Reductions.Select(r => reduction.Begin(r, frame.Lookup(r.Var)))];
        frame.IsSpread = true;
        LLVMValueRef own = frame.IsNarrow ? frame.Threads.InItem : b.Builder.BuildZExt(frame.Threads.InItem, b.I64);
        if (start.IsAConstantInt && end.IsAConstantInt && end.ConstIntSExt - start.ConstIntSExt <= (long)threads * MaximumRounds)
        {
            SpreadUnrolled(loop.Var, start.ConstIntSExt, end.ConstIntSExt, own, isNatural, loop.Body);
        }
        else
        {
            CountedLoop(b.Builder.BuildNSWAdd(start, own), end, threads, Body);
        }

        frame.IsSpread = false;
        for (int i = 0; i < initial.Length; i++)
        {
            reduction.End(loop.Reductions[i], frame.Lookup(loop.Reductions[i].Var), initial[i]);
        }
    }

    /// <summary>
    /// A known number of rounds, one after the other: what several loops over a row read and compute then stays in registers, because LLVM sees that it is
    /// the same.
    /// </summary>
    private void SpreadUnrolled(Var variable, long start, long end, LLVMValueRef own, bool isNatural, BlockStmt body)
    {
        int threads = frame.Threads.PerItem;
        int whole = (int)((end - start) / threads);
        LLVMValueRef[] rounds = [.. Enumerable.Range(0, whole).Select(r => At(start + ((long)r * threads)))];
        if (body.Body.All(s => s is LetStmt or StoreStmt or AssignStmt))
        {
            SideBySide(variable, rounds, isNatural, body);
        }
        else
        {
            foreach (LLVMValueRef round in rounds)
            {
                Round(round);
            }
        }

        LLVMValueRef last = At(start + ((long)whole * threads));
        if (start + ((long)whole * threads) < end)
        {
            Branch(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, last, b.Constant(frame.IndexType, end)), () => Round(last), null);
        }

        exprs.BeginStatement();

        LLVMValueRef At(long first) => b.Builder.BuildNSWAdd(own, b.Constant(frame.IndexType, first));

        void Round(LLVMValueRef i)
        {
            frame.BindIndex(variable, i, isNatural);
            Emit(body);
        }
    }

    private void EmitUnrolled(ForStmt loop, LLVMValueRef start, LLVMValueRef end, bool isNatural)
    {
        (long first, long last) = Bounds(loop, start, end);
        int count = (int)Math.Max(0, last - first);
        if (!loop.Body.Body.All(s => s is LetStmt or StoreStmt))
        {
            for (int i = 0; i < count; i++)
            {
                frame.BindIndex(loop.Var, b.Constant(frame.IndexType, first + i), isNatural);
                Emit(loop.Body);
            }

            return;
        }

        SideBySide(loop.Var, [.. Enumerable.Range(0, count).Select(i => b.Constant(frame.IndexType, first + i))], isNatural, loop.Body);
    }

    /// <summary>
    /// Rounds of a loop, statement by statement for all of them: their loads stand side by side, and so do their stores, and become wide ones.
    /// </summary>
    private void SideBySide(Var variable, LLVMValueRef[] rounds, bool isNatural, BlockStmt body)
    {
        Dictionary<Var, PtxFrame.Binding>[] scopes = new Dictionary<Var, PtxFrame.Binding>[rounds.Length];
        for (int i = 0; i < rounds.Length; i++)
        {
            scopes[i] = new(ReferenceEqualityComparer.Instance);
            frame.Enter(scopes[i]);
            frame.BindIndex(variable, rounds[i], isNatural);
        }

        foreach (Stmt statement in body.Body)
        {
            foreach (Dictionary<Var, PtxFrame.Binding> scope in scopes)
            {
                frame.Enter(scope);
                Emit(statement);
            }
        }

        frame.Enter(null);
        exprs.BeginStatement();
    }

    protected override void EmitBarrier() => Barrier();

    /// <summary>All threads of the work item arrive before any leaves.</summary>
    private void Barrier() => reduction.Barrier();
}
