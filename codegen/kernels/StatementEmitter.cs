using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Kernels;

/// <summary>Emits statements: which there are, and the control flow that all targets have alike.</summary>
internal abstract class StatementEmitter(LaneBuilder b)
{
    protected void Emit(Stmt? statement)
    {
        BeginStatement();
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
                EmitDeclare(declare);
                break;
            case AssignStmt assign:
                EmitAssign(assign);
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
                EmitBarrier();
                break;
            case TileDeclareStmt declare:
                EmitTileDeclare(declare);
                break;
            case TileForEachStmt each:
                EmitTileForEach(each);
                break;
            default:
                EmitOwn(statement);
                break;
        }
    }

    /// <summary>Forgets which expressions have values: variables or memory may change, or control flow leaves where they were computed.</summary>
    protected abstract void BeginStatement();

    /// <summary>The value of an expression, the same for all that run together.</summary>
    protected abstract LLVMValueRef Scalar(Expr expr);

    protected abstract void EmitFor(ForStmt loop);

    protected abstract void EmitLet(LetStmt let);

    protected abstract void EmitDeclare(DeclareStmt declare);

    protected abstract void EmitAssign(AssignStmt assign);

    protected abstract void EmitStore(StoreStmt store);

    /// <summary>Gives memory to a buffer, unless it is scratch: part of the worker's area, bound when the kernel began.</summary>
    protected abstract void EmitAlloc(KernelBuffer buffer);

    protected abstract void EmitCheck(CheckStmt check);

    protected abstract void EmitBarrier();

    protected abstract void EmitTileDeclare(TileDeclareStmt declare);

    protected abstract void EmitTileForEach(TileForEachStmt each);

    /// <summary>Emits a statement that not all targets have.</summary>
    protected virtual void EmitOwn(Stmt statement) =>
        throw new InvalidOperationException($"a {statement.GetType().Name} has no form on this target");

    protected virtual void EmitIf(IfStmt branch) => Branch(Scalar(branch.Condition), branch.Then, branch.Else);

    protected virtual void EmitWhile(WhileStmt loop)
    {
        LLVMBasicBlockRef head = Block("while");
        LLVMBasicBlockRef body = Block("while.body");
        LLVMBasicBlockRef exit = Block("while.exit");
        b.Builder.BuildBr(head);
        b.Builder.PositionAtEnd(head);
        LLVMValueRef condition = Scalar(loop.Condition);
        b.Builder.BuildCondBr(condition, body, exit);
        b.Builder.PositionAtEnd(body);
        Emit(loop.Body);
        b.Builder.BuildBr(head);
        b.Builder.PositionAtEnd(exit);
        BeginStatement();
    }

    protected void Branch(LLVMValueRef condition, Stmt then, Stmt? otherwise) =>
        Branch(condition, () => Emit(then), otherwise is null ? null : () => Emit(otherwise));

    protected void Branch(LLVMValueRef condition, Action then, Action? otherwise)
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
            BeginStatement();
            otherwise();
            b.Builder.BuildBr(exit);
        }

        b.Builder.PositionAtEnd(exit);
        BeginStatement();
    }

    /// <summary>The constant bounds of a loop that is written out.</summary>
    protected static (long Start, long End) Bounds(ForStmt loop, LLVMValueRef start, LLVMValueRef end) => start.IsAConstantInt && end.IsAConstantInt
        ? (start.ConstIntSExt, end.ConstIntSExt)
        : throw new InvalidOperationException($"unrolled loop {loop.Var} has no constant bounds");

    /// <inheritdoc cref="CountedLoop(LLVMValueRef, LLVMValueRef, LLVMValueRef, Action{LLVMValueRef})"/>
    protected void CountedLoop(LLVMValueRef start, LLVMValueRef end, long step, Action<LLVMValueRef> body) =>
        CountedLoop(start, end, b.Constant(start.TypeOf, step), body);

    /// <summary>
    /// <c>for (i = start; i &lt; end; i += step)</c>, tested before the first round and then at the end of each, which is the form LLVM's loop
    /// passes work on. One round when that is known.
    /// </summary>
    protected void CountedLoop(LLVMValueRef start, LLVMValueRef end, LLVMValueRef step, Action<LLVMValueRef> body)
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
        BeginStatement();
        LLVMValueRef i = b.Builder.BuildPhi(start.TypeOf);
        i.AddIncoming(start, before);
        body(i);
        LLVMValueRef next = b.Builder.BuildNSWAdd(i, step);
        i.AddIncoming(next, b.Builder.InsertBlock);
        b.Builder.BuildCondBr(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, next, end), inside, exit);
        b.Builder.PositionAtEnd(exit);
        BeginStatement();
    }

    protected LLVMBasicBlockRef Block(string name) => b.Function.AppendBasicBlock(b.Context, name);
}
