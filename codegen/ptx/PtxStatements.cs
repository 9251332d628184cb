using Dlc.Codegen.Llvm;
using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Emits statements of one thread. Tiles have files of their own.</summary>
internal sealed partial class PtxStatements
{
    private const uint LocalAlignment = 16;

    /// <summary>Rounds of a loop over a row that are written out; more would not fit into registers.</summary>
    private const int MaximumRounds = 32;

    private readonly PtxFrame frame;
    private readonly LaneBuilder b;
    private readonly PtxExpressions exprs;
    private readonly PtxReduction reduction;

    internal PtxStatements(PtxFrame frame)
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

    private void Emit(Stmt? statement)
    {
        exprs.BeginStatement();
        switch (statement)
        {
            case null:
                break;
            case BlockStmt block:
                foreach (Stmt inner in block.Body)
                {
                    Emit(inner);
                }

                break;
            case ForStmt loop:
                EmitFor(loop);
                break;
            case WhileStmt loop:
                EmitWhile(loop);
                break;
            case IfStmt branch:
                EmitIf(branch);
                break;
            case LetStmt let:
                EmitLet(let);
                break;
            case DeclareStmt declare:
                b.Builder.BuildStore(exprs.Value(declare.Initial), frame.BindSlot(declare.Var).Slot);
                break;
            case AssignStmt assign:
                b.Builder.BuildStore(exprs.Value(assign.Value), frame.Lookup(assign.Var).Slot);
                break;
            case StoreStmt store:
                EmitStore(store);
                break;
            case AllocStmt alloc:
                EmitAlloc(alloc.Buffer);
                break;
            case CheckStmt check:
                EmitCheck(check);
                break;
            case BarrierStmt:
                Barrier();
                break;
            case TileDeclareStmt declare:
                EmitTileDeclare(declare);
                break;
            case TileProductStmt product:
                EmitTileProduct(product);
                break;
            case TileForEachStmt each:
                EmitTileForEach(each);
                break;
            default:
                throw new InvalidOperationException($"a {statement.GetType().Name} has no form on a GPU");
        }
    }

    private void EmitLet(LetStmt let)
    {
        LLVMValueRef value = exprs.Value(let.Value);
        bool isIndex = let.Var.Type == ElementType.Int64;
        frame.Bind(let.Var, new PtxFrame.Binding(value, isIndex ? exprs.Index(let.Value) : value, default, default)
        {
            IsPosition = isIndex && exprs.IsPosition(let.Value),
            IsNatural = isIndex && exprs.IsNatural(let.Value),
        });
    }

    private void EmitStore(StoreStmt store)
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

    private void EmitAlloc(KernelBuffer buffer)
    {
        // Scratch is part of the worker's area and was bound when the kernel began.
        if (buffer.Space == AddressSpace.Local)
        {
            LLVMTypeRef array = LLVMTypeRef.CreateArray(ScalarTypes.InMemory(b, buffer.Type), checked((ulong)buffer.Count!.Constant));
            frame.Bind(buffer, frame.Alloca(array, LocalAlignment));
        }
    }

    private void EmitCheck(CheckStmt check)
    {
        LLVMValueRef failed = b.Builder.BuildNot(exprs.Value(check.Condition));
        Branch(failed, () =>
        {
            LLVMValueRef code = b.Builder.BuildOr(frame.Status.Launch, b.Constant(b.I64, 1L + check.Message));
            b.Builder.BuildAtomicRMW(LLVMAtomicRMWBinOp.LLVMAtomicRMWBinOpUMin, frame.Status.Address, code);
        }, null);
    }

    private void EmitIf(IfStmt branch) =>
        Branch(exprs.Value(branch.Condition), () => Emit(branch.Then), branch.Else is null ? null : () => Emit(branch.Else));

    private void Branch(LLVMValueRef condition, Action then, Action? otherwise)
    {
        LLVMBasicBlockRef thenBlock = Block("then");
        LLVMBasicBlockRef elseBlock = otherwise is null ? default : Block("else");
        LLVMBasicBlockRef exit = Block("endif");
        b.Builder.BuildCondBr(condition, thenBlock, otherwise is null ? exit : elseBlock);
        b.Builder.PositionAtEnd(thenBlock);
        then();
        b.Builder.BuildBr(exit);
        if (otherwise is not null)
        {
            b.Builder.PositionAtEnd(elseBlock);
            exprs.BeginStatement();
            otherwise();
            b.Builder.BuildBr(exit);
        }

        b.Builder.PositionAtEnd(exit);
        exprs.BeginStatement();
    }

    private void EmitFor(ForStmt loop)
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
            CountedLoop(start, end, b.Constant(frame.IndexType, 1L), Body);
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
            CountedLoop(b.Builder.BuildNSWAdd(start, own), end, b.Constant(frame.IndexType, (long)threads), Body);
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
        if (!start.IsAConstantInt || !end.IsAConstantInt)
        {
            throw new InvalidOperationException($"unrolled loop {loop.Var} has no constant bounds");
        }

        int count = (int)Math.Max(0, end.ConstIntSExt - start.ConstIntSExt);
        if (!loop.Body.Body.All(s => s is LetStmt or StoreStmt))
        {
            for (int i = 0; i < count; i++)
            {
                frame.BindIndex(loop.Var, b.Constant(frame.IndexType, start.ConstIntSExt + i), isNatural);
                Emit(loop.Body);
            }

            return;
        }

        SideBySide(loop.Var, [.. Enumerable.Range(0, count).Select(i => b.Constant(frame.IndexType, start.ConstIntSExt + i))], isNatural, loop.Body);
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

    private void EmitWhile(WhileStmt loop)
    {
        LLVMBasicBlockRef head = Block("while");
        LLVMBasicBlockRef body = Block("while.body");
        LLVMBasicBlockRef exit = Block("while.exit");
        b.Builder.BuildBr(head);
        b.Builder.PositionAtEnd(head);
        LLVMValueRef condition = exprs.Value(loop.Condition);
        b.Builder.BuildCondBr(condition, body, exit);
        b.Builder.PositionAtEnd(body);
        Emit(loop.Body);
        b.Builder.BuildBr(head);
        b.Builder.PositionAtEnd(exit);
        exprs.BeginStatement();
    }

    /// <summary>
    /// <c>for (i = start; i &lt; end; i += step)</c>, tested before the first round and then at the end of each, which is the form LLVM's loop
    /// passes work on. One round when that is known.
    /// </summary>
    private void CountedLoop(LLVMValueRef start, LLVMValueRef end, LLVMValueRef step, Action<LLVMValueRef> body)
    {
        if (start.IsAConstantInt && end.IsAConstantInt && step.IsAConstantInt && end.ConstIntSExt - start.ConstIntSExt <= step.ConstIntSExt)
        {
            if (start.ConstIntSExt < end.ConstIntSExt)
            {
                body(start);
            }

            return;
        }

        LLVMBasicBlockRef before = b.Builder.InsertBlock;
        LLVMBasicBlockRef inside = Block("for");
        LLVMBasicBlockRef exit = Block("for.exit");
        b.Builder.BuildCondBr(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, start, end), inside, exit);
        b.Builder.PositionAtEnd(inside);
        exprs.BeginStatement();
        LLVMValueRef i = b.Builder.BuildPhi(start.TypeOf);
        i.AddIncoming(start, before);
        body(i);
        LLVMValueRef next = b.Builder.BuildNSWAdd(i, step);
        i.AddIncoming(next, b.Builder.InsertBlock);
        b.Builder.BuildCondBr(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, next, end), inside, exit);
        b.Builder.PositionAtEnd(exit);
        exprs.BeginStatement();
    }

    /// <summary>All threads of the work item arrive before any leaves.</summary>
    private void Barrier() => reduction.Barrier();

    private LLVMBasicBlockRef Block(string name) => b.Function.AppendBasicBlock(b.Context, name);
}
