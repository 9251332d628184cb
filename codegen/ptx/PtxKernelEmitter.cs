using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Emits one kernel as a PTX entry: see <see cref="PtxKernel"/> for its parameters.</summary>
internal sealed class PtxKernelEmitter(LaneBuilder b, MathLibrary math, PtxTarget target)
{
    private const int OfFunction = -1;
    private const uint KernelConvention = 71;

    /// <summary>Bytes that all buffers are aligned to.</summary>
    private const int BufferAlignment = 16;

    /// <summary>What sm_80 and PTX 7.8 allow.</summary>
    private const int MaximumParameters = 512;

    /// <summary>Threads of a block that runs items of one thread or warp each.</summary>
    internal const int SmallItemsBlock = 256;

    /// <summary>Threads of a block for a kernel.</summary>
    internal static int BlockThreads(Kernel kernel) => kernel.ThreadsPerItem switch
    {
        1 => kernel.Scratch.Count > 0 ? GpuModel.WarpThreads : SmallItemsBlock,
        GpuModel.WarpThreads => SmallItemsBlock,
        _ => kernel.ThreadsPerItem,
    };

    /// <summary>Adds <paramref name="kernel"/> to the module under <paramref name="symbol"/>.</summary>
    /// <returns>Bytes of shared memory that the launch has to give.</returns>
    internal int Emit(Kernel kernel, string symbol, bool isNarrow)
    {
        int buffers = kernel.Parameters.Count;
        List<LLVMTypeRef> types = [];
        LLVMTypeRef global = b.Context.PointerTypeIn(PtxFrame.Global);
        types.AddRange(Enumerable.Repeat(global, buffers));
        types.AddRange(Enumerable.Repeat(b.I64, kernel.DimParameters.Count));
        int scratch = types.Count;
        if (kernel.Scratch.Count > 0)
        {
            types.AddRange([global, b.I64]);
        }

        int status = types.Count;
        if (kernel.Checks.Count > 0)
        {
            types.AddRange([global, b.I64]);
        }

        if (types.Count > MaximumParameters)
        {
            throw new InvalidOperationException($"{types.Count} parameters are more than the {MaximumParameters} that a GPU kernel takes");
        }

        LLVMValueRef function = b.Module.AddFunction(symbol, LLVMTypeRef.CreateFunction(b.Context.VoidType, [.. types]));
        function.SetCallingConvention(KernelConvention);
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateEnumAttribute("nounwind"));
        int blockThreads = BlockThreads(kernel);
        int perItem = kernel.ThreadsPerItem;
        string threads = blockThreads.ToString(System.Globalization.CultureInfo.InvariantCulture);
        function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("nvvm.maxntid", threads));
        if (perItem == TileState.Threads)
        {
            // Without it ptxas aims at four blocks a multiprocessor and spills a register or two of a tile.
            function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("nvvm.minctasm", "1"));
        }

        for (int i = 0; i < buffers; i++)
        {
            function.AddAttributeAtIndex(1 + i, b.Context.CreateEnumAttribute("align", BufferAlignment));
            if (!kernel.InPlace.Any(p => p.Input == i || p.Output == i))
            {
                function.AddAttributeAtIndex(1 + i, b.Context.CreateEnumAttribute("noalias"));
            }

            if (!kernel.Parameters[i].IsWritten)
            {
                function.AddAttributeAtIndex(1 + i, b.Context.CreateEnumAttribute("readonly"));
            }
        }

        LLVMBasicBlockRef entry = function.AppendBasicBlock(b.Context, "entry");
        LLVMBasicBlockRef start = function.AppendBasicBlock(b.Context, "start");
        using LLVMBuilderRef entryBuilder = b.Context.CreateBuilder();
        entryBuilder.PositionAtEnd(entry);
        b.Builder.PositionAtEnd(start);
        LLVMValueRef inBlock = b.Call("llvm.nvvm.read.ptx.sreg.tid.x", []);
        int itemsPerBlock = blockThreads / perItem;
        LLVMValueRef inItem = perItem == 1 ? b.I32.Null : itemsPerBlock == 1 ? inBlock : b.And(inBlock, perItem - 1);
        PtxFrame frame = new(b, entryBuilder, math, new ThreadPlace(perItem, blockThreads, inBlock, inItem, symbol), isNarrow)
        {
            AllowsTf32 = target.Machine.Gpu!.AllowTf32,
        };
        for (int i = 0; i < buffers; i++)
        {
            frame.Bind(kernel.Parameters[i], function.GetParam((uint)i));
        }

        foreach ((_, int output) in kernel.InPlace)
        {
            frame.InPlace.Add(kernel.Parameters[output]);
        }

        for (int i = 0; i < kernel.DimParameters.Count; i++)
        {
            frame.Bind(kernel.DimParameters[i], function.GetParam((uint)(buffers + i)));
        }

        // The item's number among those that run at a time is also its worker's number.
        LLVMValueRef first = b.Call("llvm.nvvm.read.ptx.sreg.ctaid.x", []);
        LLVMValueRef stride = b.Call("llvm.nvvm.read.ptx.sreg.nctaid.x", []);
        if (itemsPerBlock > 1)
        {
            LLVMValueRef count = b.Constant(b.I32, (long)itemsPerBlock);
            LLVMValueRef own = perItem == 1 ? inBlock : b.Builder.BuildLShr(inBlock, b.Constant(b.I32, (long)int.Log2(perItem)));
            first = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(first, count), own);
            stride = b.Builder.BuildNSWMul(stride, count);
        }

        if (kernel.Scratch.Count > 0)
        {
            LLVMValueRef offset = b.Builder.BuildMul(b.Builder.BuildZExt(first, b.I64), function.GetParam((uint)scratch + 1));
            LLVMValueRef area = b.Builder.BuildGEP2(b.I8, function.GetParam((uint)scratch), offset);
            foreach (ScratchSlot slot in kernel.Scratch)
            {
                frame.Bind(slot.Buffer, b.Builder.BuildGEP2(b.I8, area, frame.Lookup(slot.Offset)));
            }
        }

        if (kernel.Checks.Count > 0)
        {
            frame.Status = (function.GetParam((uint)status), b.ShiftLeft(function.GetParam((uint)status + 1), 32));
        }

        if (!isNarrow)
        {
            (first, stride) = (b.Builder.BuildZExt(first, b.I64), b.Builder.BuildZExt(stride, b.I64));
        }

        new PtxStatements(frame).EmitWorkItems(kernel.Body, first, stride);
        b.Builder.BuildRetVoid();
        entryBuilder.BuildBr(start);
        if (frame.HoldsTiles)
        {
            // Where one block on a multiprocessor is enough it has to be said: left alone, ptxas spills a few registers to make room for one more.
            string blocks = frame.BlocksTogether.ToString(System.Globalization.CultureInfo.InvariantCulture);
            function.AddAttributeAtIndex(OfFunction, b.Context.CreateStringAttribute("nvvm.minctasm", blocks));
        }

        return frame.SharedBytes;
    }
}
