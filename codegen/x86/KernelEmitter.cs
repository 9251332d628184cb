using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// Emits one kernel as two functions: the exported one unpacks its arguments and calls a body whose buffers are parameters that do not
/// alias (but for those that may be written in place), which is what lets LLVM keep values in registers across stores. The body loops over work items, except where there are register
/// tiles: then it is one item, because constants that a loop around tiles shares would take registers from them.
/// </summary>
internal sealed class KernelEmitter(LaneBuilder b, MathLibrary math, LLVMValueRef zeros)
{
    private const int OfFunction = -1;

    /// <summary>Adds <paramref name="kernel"/> to the module under <paramref name="symbol"/>.</summary>
    internal void Emit(Kernel kernel, string symbol)
    {
        int buffers = kernel.Parameters.Count;
        LLVMTypeRef[] parameters = new LLVMTypeRef[buffers + 4];
        Array.Fill(parameters, b.Pointer);
        parameters[buffers + 2] = b.I64;
        parameters[buffers + 3] = b.I64;
        LLVMTypeRef type = LLVMTypeRef.CreateFunction(b.I32, parameters);
        LLVMValueRef body = b.Module.AddFunction(symbol + "_body", type);
        body.SetInternal();
        SetAttributes(body);
        body.AddAttributeAtIndex(OfFunction, b.Context.CreateEnumAttribute("noinline"));
        for (int i = 0; i < buffers + 2; i++)
        {
            if (!kernel.InPlace.Any(p => p.Input == i || p.Output == i))
            {
                body.AddAttributeAtIndex(1 + i, b.Context.CreateEnumAttribute("noalias"));
            }

            if (i == buffers || (i < buffers && !kernel.Parameters[i].IsWritten))
            {
                body.AddAttributeAtIndex(1 + i, b.Context.CreateEnumAttribute("readonly"));
            }
        }

        bool itemwise = HasTiles(kernel.Body);
        EmitBody(kernel, body, itemwise);
        EmitEntry(symbol, body, type, buffers, itemwise);
    }

    private static bool HasTiles(Stmt? statement) => statement switch
    {
        TileDeclareStmt => true,
        BlockStmt block => block.Body.Any(HasTiles),
        ForStmt loop => HasTiles(loop.Body),
        WhileStmt loop => HasTiles(loop.Body),
        IfStmt branch => HasTiles(branch.Then) || HasTiles(branch.Else),
        _ => false,
    };

    private void EmitEntry(string symbol, LLVMValueRef body, LLVMTypeRef type, int buffers, bool itemwise)
    {
        LLVMTypeRef exported = LLVMTypeRef.CreateFunction(b.I32, [b.Pointer, b.Pointer, b.Pointer, b.I64, b.I64]);
        LLVMValueRef function = b.Module.AddFunction(symbol, exported);
        SetAttributes(function);
        b.Builder.PositionAtEnd(function.AppendBasicBlock(b.Context, "entry"));
        LLVMValueRef[] arguments = new LLVMValueRef[buffers + 4];
        for (int i = 0; i < buffers; i++)
        {
            LLVMValueRef address = b.Builder.BuildGEP2(b.Pointer, function.GetParam(0), b.Constant(b.I64, i));
            arguments[i] = b.Builder.BuildLoad2(b.Pointer, address);
        }

        for (uint i = 0; i < 4; i++)
        {
            arguments[buffers + i] = function.GetParam(1 + i);
        }

        b.Builder.BuildRet(itemwise ? CallForItems(function, body, type, arguments) : b.Builder.BuildCall2(type, body, arguments));
    }

    /// <summary>Calls the body for each item of [begin, end) and gives the first status that is not 0.</summary>
    private LLVMValueRef CallForItems(LLVMValueRef function, LLVMValueRef body, LLVMTypeRef type, LLVMValueRef[] arguments)
    {
        (LLVMValueRef begin, LLVMValueRef end) = (arguments[^2], arguments[^1]);
        LLVMBasicBlockRef entry = b.Builder.InsertBlock;
        LLVMBasicBlockRef loop = function.AppendBasicBlock(b.Context, "items");
        LLVMBasicBlockRef exit = function.AppendBasicBlock(b.Context, "exit");
        b.Builder.BuildCondBr(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, begin, end), loop, exit);
        b.Builder.PositionAtEnd(loop);
        LLVMValueRef item = b.Builder.BuildPhi(b.I64);
        LLVMValueRef status = b.Builder.BuildPhi(b.I32);
        LLVMValueRef next = b.Add(item, 1);
        (arguments[^2], arguments[^1]) = (item, next);
        LLVMValueRef result = b.Builder.BuildCall2(type, body, arguments);
        result = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntEQ, status, 0), result, status);
        item.AddIncoming(begin, entry);
        item.AddIncoming(next, loop);
        status.AddIncoming(b.I32.Null, entry);
        status.AddIncoming(result, loop);
        b.Builder.BuildCondBr(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, next, end), loop, exit);
        b.Builder.PositionAtEnd(exit);
        LLVMValueRef final = b.Builder.BuildPhi(b.I32);
        final.AddIncoming(b.I32.Null, entry);
        final.AddIncoming(result, loop);
        return final;
    }

    private void EmitBody(Kernel kernel, LLVMValueRef body, bool itemwise)
    {
        uint buffers = (uint)kernel.Parameters.Count;
        LLVMBasicBlockRef entry = body.AppendBasicBlock(b.Context, "entry");
        LLVMBasicBlockRef start = body.AppendBasicBlock(b.Context, "start");
        using LLVMBuilderRef entryBuilder = b.Context.CreateBuilder();
        entryBuilder.PositionAtEnd(entry);
        b.Builder.PositionAtEnd(start);
        Frame frame = new(b, entryBuilder, math, zeros);
        for (int i = 0; i < kernel.Parameters.Count; i++)
        {
            frame.Bind(kernel.Parameters[i], new Frame.BufferBinding(body.GetParam((uint)i), 1));
        }

        LLVMValueRef dims = body.GetParam(buffers);
        for (int i = 0; i < kernel.DimParameters.Count; i++)
        {
            LLVMValueRef address = b.Builder.BuildGEP2(b.I64, dims, b.Constant(b.I64, i));
            frame.Bind(kernel.DimParameters[i], b.Builder.BuildLoad2(b.I64, address));
        }

        foreach (ScratchSlot slot in kernel.Scratch)
        {
            LLVMValueRef address = b.Builder.BuildGEP2(b.I8, body.GetParam(buffers + 1), frame.Lookup(slot.Offset));
            frame.Bind(slot.Buffer, new Frame.BufferBinding(address, 1));
        }

        if (kernel.Checks.Count > 0)
        {
            frame.Status = frame.Alloca(b.I32);
            b.Builder.BuildStore(b.I32.Null, frame.Status);
        }

        LLVMValueRef begin = body.GetParam(buffers + 2);
        StmtEmitter statements = new(frame);
        if (itemwise)
        {
            statements.EmitWorkItem(kernel.Body, begin);
        }
        else
        {
            statements.EmitWorkItems(kernel.Body, begin, body.GetParam(buffers + 3));
        }

        b.Builder.BuildRet(kernel.Checks.Count > 0 ? b.Builder.BuildLoad2(b.I32, frame.Status) : b.I32.Null);
        entryBuilder.BuildBr(start);
    }

    private void SetAttributes(LLVMValueRef function)
    {
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateEnumAttribute("nounwind"));

        // Nothing outside the image may be called, so loops must not turn into memset or memcpy.
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("no-builtins", ""));
        string bits = (8 * b.Machine.VectorBytes).ToString(System.Globalization.CultureInfo.InvariantCulture);
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("prefer-vector-width", bits));
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("min-legal-vector-width", bits));
    }
}
