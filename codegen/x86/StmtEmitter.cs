using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>Emits statements. Vector loops and tiles have files of their own.</summary>
internal sealed partial class StmtEmitter : StatementEmitter
{
    // A vector of f32 at least: bytes that stack buffers are aligned to.
    private const uint StackAlignment = 64;

    private readonly Frame frame;
    private readonly LaneBuilder b;
    private readonly ExprEmitter exprs;

    internal StmtEmitter(Frame frame)
        : base(frame.Values)
    {
        this.frame = frame;
        b = frame.Values;
        exprs = new ExprEmitter(frame);
    }

    /// <summary>Emits the kernel's outermost loop over the work items [<paramref name="begin"/>, <paramref name="end"/>).</summary>
    internal void EmitWorkItems(ForStmt loop, LLVMValueRef begin, LLVMValueRef end) =>
        CountedLoop(begin, end, 1, item => EmitWorkItem(loop, item));

    /// <summary>Emits one round of the kernel's outermost loop.</summary>
    internal void EmitWorkItem(ForStmt loop, LLVMValueRef item)
    {
        frame.Bind(loop.Var, LaneValue.Uniform(item));
        Emit(loop.Body);
    }

    protected override void BeginStatement() => exprs.BeginStatement();

    protected override LLVMValueRef Scalar(Expr expr) => exprs.Scalar(expr);

    protected override void EmitOwn(Stmt statement)
    {
        if (statement is TileContractStmt contract)
        {
            EmitTileContract(contract);
        }
        else
        {
            base.EmitOwn(statement);
        }
    }

    /// <summary>One thread runs a whole block here: there is nobody to wait for.</summary>
    protected override void EmitBarrier()
    {
    }

    protected override void EmitLet(LetStmt let) => frame.Bind(let.Var, exprs.Evaluate(let.Value));

    protected override void EmitStore(StoreStmt store) => exprs.Store(store.Buffer, store.Index, store.Value, store.Mask);

    protected override void EmitDeclare(DeclareStmt declare)
    {
        LaneValue initial = exprs.Evaluate(declare.Initial);
        bool varying = frame.Divergence?.IsVarying(declare.Var) == true;
        Frame.Binding binding = frame.BindSlot(declare.Var, varying ? frame.Scope.Lanes : 0);
        b.Builder.BuildStore(varying ? exprs.Wide(initial) : initial.Scalar, binding.Slot);
    }

    protected override void EmitAssign(AssignStmt assign)
    {
        LaneValue value = exprs.Evaluate(assign.Value);
        Frame.Binding binding = frame.Lookup(assign.Var);
        if (binding.Lanes == 0)
        {
            if (!value.IsUniform)
            {
                throw new InvalidOperationException($"variable {assign.Var} is shared by lanes but assigned a value of each");
            }

            b.Builder.BuildStore(value.Scalar, binding.Slot);
            return;
        }

        LLVMValueRef wide = exprs.Wide(value);
        if (frame.Scope.Mask is { } mask)
        {
            wide = b.Select(mask, wide, b.Builder.BuildLoad2(binding.Type, binding.Slot));
        }

        b.Builder.BuildStore(wide, binding.Slot);
    }

    protected override void EmitAlloc(KernelBuffer buffer)
    {
        // Scratch is part of the worker's area and was bound when the kernel began, unless each lane needs its own.
        int copies = Math.Max(1, frame.Scope.Lanes);
        if (buffer.Space != AddressSpace.Local)
        {
            if (copies > 1)
            {
                throw new InvalidOperationException($"scratch {buffer} is allocated inside a vector loop: lanes would share it");
            }

            return;
        }

        ulong elements = checked((ulong)buffer.Count!.Constant * (ulong)copies);
        LLVMTypeRef array = LLVMTypeRef.CreateArray(ScalarTypes.InMemory(b, buffer.Type), elements);
        frame.Bind(buffer, new Frame.BufferBinding(frame.Alloca(array, StackAlignment), copies));
    }

    protected override void EmitCheck(CheckStmt check)
    {
        LaneValue condition = exprs.Evaluate(check.Condition);
        LLVMValueRef failed = b.Builder.BuildNot(condition.IsUniform ? condition.Scalar : exprs.Wide(condition));
        if (!condition.IsUniform)
        {
            failed = b.Any(frame.Scope.Mask is { } mask ? b.Builder.BuildAnd(failed, mask) : failed);
        }

        LLVMValueRef status = b.Builder.BuildLoad2(b.I32, frame.Status);
        LLVMValueRef first = b.Builder.BuildAnd(failed, b.ICmp(LLVMIntPredicate.LLVMIntEQ, status, 0));
        b.Builder.BuildStore(b.Select(first, b.Constant(b.I32, 1L + check.Message), status), frame.Status);
    }

    protected override void EmitIf(IfStmt branch)
    {
        LaneValue condition = exprs.Evaluate(branch.Condition);
        if (condition.IsUniform)
        {
            Branch(condition.Scalar, branch.Then, branch.Else);
            return;
        }

        // Lanes part: each side runs for its lanes, and only if there are any.
        LaneScope outer = frame.Scope;
        LLVMValueRef bits = exprs.Wide(condition);
        LLVMValueRef taken = outer.Mask is { } mask ? b.Builder.BuildAnd(mask, bits) : bits;
        Branch(b.Any(taken), () => InScope(outer.Part(taken), branch.Then), null);
        if (branch.Else is not null)
        {
            LLVMValueRef not = b.Builder.BuildNot(bits);
            LLVMValueRef others = outer.Mask is { } running ? b.Builder.BuildAnd(running, not) : not;
            Branch(b.Any(others), () => InScope(outer.Part(others), branch.Else), null);
        }
    }

    protected override void EmitFor(ForStmt loop)
    {
        if (loop.Kind == LoopKind.Vector && !frame.Scope.IsVector)
        {
            EmitVector(loop);
            return;
        }

        LaneValue start = exprs.Evaluate(loop.Start);
        LaneValue end = exprs.Evaluate(loop.End);
        if (!start.IsUniform || !end.IsUniform)
        {
            EmitUneven(loop, start, end);
        }
        else if (loop.Kind == LoopKind.Unrolled)
        {
            EmitUnrolled(loop, start.Scalar, end.Scalar);
        }
        else if (!TryEmitTransposed(loop, start.Scalar, end.Scalar))
        {
            CountedLoop(start.Scalar, end.Scalar, 1, i =>
            {
                frame.Bind(loop.Var, LaneValue.Uniform(i));
                Emit(loop.Body);
            });
        }
    }

    private void EmitUnrolled(ForStmt loop, LLVMValueRef start, LLVMValueRef end)
    {
        (long first, long last) = Bounds(loop, start, end);
        for (long i = first; i < last; i++)
        {
            frame.Bind(loop.Var, LaneValue.Uniform(b.Constant(b.I64, i)));
            Emit(loop.Body);
        }
    }

    /// <summary>A loop inside a vector loop that each lane runs with its own bounds: goes on until the last lane is through.</summary>
    private void EmitUneven(ForStmt loop, LaneValue start, LaneValue end)
    {
        LLVMValueRef limit = exprs.Wide(end);
        Frame.Binding counter = frame.BindSlot(loop.Var, frame.Scope.Lanes);
        b.Builder.BuildStore(exprs.Wide(start), counter.Slot);
        MaskedLoop(
            () => b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, b.Builder.BuildLoad2(counter.Type, counter.Slot), limit),
            () =>
            {
                frame.Bind(loop.Var, LaneValue.Varying(b.Builder.BuildLoad2(counter.Type, counter.Slot)));
                Emit(loop.Body);
                b.Builder.BuildStore(b.Add(b.Builder.BuildLoad2(counter.Type, counter.Slot), 1), counter.Slot);
            });
    }

    protected override void EmitWhile(WhileStmt loop)
    {
        if (frame.Divergence?.IsVarying(loop.Condition) == true)
        {
            MaskedLoop(
                () =>
                {
                    exprs.BeginStatement();
                    return exprs.Wide(exprs.Evaluate(loop.Condition));
                },
                () => Emit(loop.Body));
            return;
        }

        base.EmitWhile(loop);
    }

    /// <summary>Repeats <paramref name="body"/> for the lanes whose <paramref name="condition"/> has held so far, while there are any.</summary>
    private void MaskedLoop(Func<LLVMValueRef> condition, Action body)
    {
        LaneScope outer = frame.Scope;
        LLVMTypeRef bits = LaneBuilder.Wide(b.Bit, outer.Lanes);
        LLVMValueRef slot = frame.Alloca(bits);
        b.Builder.BuildStore(outer.Mask ?? bits.AllOnes, slot);
        LLVMBasicBlockRef head = Block("lanes");
        LLVMBasicBlockRef inside = Block("lanes.body");
        LLVMBasicBlockRef exit = Block("lanes.exit");
        b.Builder.BuildBr(head);
        b.Builder.PositionAtEnd(head);
        LLVMValueRef going = b.Builder.BuildLoad2(bits, slot);
        frame.Scope = outer.Part(going);
        LLVMValueRef next = b.Builder.BuildAnd(going, condition());
        b.Builder.BuildStore(next, slot);
        b.Builder.BuildCondBr(b.Any(next), inside, exit);
        b.Builder.PositionAtEnd(inside);
        frame.Scope = outer.Part(next);
        body();
        b.Builder.BuildBr(head);
        frame.Scope = outer;
        b.Builder.PositionAtEnd(exit);
    }
}
