using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <content>
/// Tiles of a block: pieces of both operands go from global memory through registers to shared memory, two pieces in turn, so that the next is on its
/// way while the threads multiply the current one.
/// </content>
internal sealed partial class PtxStatements
{
    /// <summary>Elements between rows of shared memory beyond the row: keeps runs aligned and threads apart on the banks.</summary>
    private const int Padding = 4;

    private LLVMValueRef tileMemory;

    /// <summary>The elements of an operand at some places, all inside, statement by statement.</summary>
    internal LLVMValueRef[] OperandElements(TileOperand operand, (LLVMValueRef Row, LLVMValueRef Column)[] places)
    {
        var scopes = new Dictionary<Var, PtxFrame.Binding>[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            scopes[i] = new(ReferenceEqualityComparer.Instance);
            frame.Enter(scopes[i]);
            frame.BindIndex(operand.Row, places[i].Row, isNatural: true);
            frame.BindIndex(operand.Column, places[i].Column, isNatural: true);
        }

        foreach (Stmt statement in operand.Body.Body)
        {
            foreach (Dictionary<Var, PtxFrame.Binding> scope in scopes)
            {
                frame.Enter(scope);
                Emit(statement);
            }
        }

        LLVMValueRef[] values = new LLVMValueRef[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            frame.Enter(scopes[i]);
            exprs.BeginStatement();
            values[i] = exprs.Value(operand.Value);
        }

        frame.Enter(null);
        exprs.BeginStatement();
        return values;
    }

    /// <summary>Where a load of an operand reads at some places: what the operand names is emitted, but for the load.</summary>
    internal LLVMValueRef[] OperandIndices(TileOperand operand, LoadExpr load, (LLVMValueRef Row, LLVMValueRef Column)[] places)
    {
        LLVMValueRef[] indices = new LLVMValueRef[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            frame.Enter(new(ReferenceEqualityComparer.Instance));
            frame.BindIndex(operand.Row, places[i].Row, isNatural: true);
            frame.BindIndex(operand.Column, places[i].Column, isNatural: true);
            foreach (Stmt statement in operand.Body.Body.TakeWhile(s => s is not LetStmt let || !ReferenceEquals(let.Value, load)))
            {
                Emit(statement);
            }

            exprs.BeginStatement();
            indices[i] = exprs.Index(load.Index);
        }

        frame.Enter(null);
        exprs.BeginStatement();
        return indices;
    }

    /// <summary>A value where a condition holds, and zero elsewhere.</summary>
    internal LLVMValueRef Masked(LLVMValueRef condition, Func<LLVMValueRef> value) => exprs.Guarded(condition, value);

    internal LLVMValueRef Convert(ElementType to, ElementType from, LLVMValueRef value) => frame.Arithmetic.Cast(to, from, value);

    protected override void EmitTileDeclare(TileDeclareStmt declare)
    {
        if (frame.Threads.PerItem != TileState.Threads)
        {
            throw new InvalidOperationException($"a tile takes {TileState.Threads} threads, not {frame.Threads.PerItem}");
        }

        LLVMValueRef initial = exprs.Value(declare.Initial);
        TileState tile = new(declare.Tile, initial, type => frame.Alloca(type), b.Builder);
        frame.Bind(declare.Tile, tile);
        frame.HoldsTiles = true;
        if (tile.IsThin && initial != initial.TypeOf.Null)
        {
            throw new InvalidOperationException("a thin tile begins with zeros");
        }
    }

    private void EmitTileProduct(TileProductStmt product)
    {
        TileState tile = frame.Lookup(product.Tile);
        if (tile.IsThin)
        {
            EmitThinProduct(product, tile);
            return;
        }

        TensorCores? cores = TensorCores.For(product, b, frame);
        tile.IsFragments = cores is not null;
        ElementType stored = cores?.Stored ?? product.Tile.Type;
        int depthStep = cores?.DepthStep ?? 16;
        var a = new TileOperandLoader(frame, product.A, tile.Tile.Rows, depthStep, stored);
        var bb = new TileOperandLoader(frame, product.B, depthStep, tile.Tile.Columns, stored);

        // On CUDA cores both lie depth by depth; on tensor cores as they come, because fragments can be read either way.
        PieceLayout layoutA = cores is null ? new(depthStep, tile.Tile.Rows + Padding, true) : cores.Layout(tile.Tile.Rows, depthStep, a.RowsAreContiguous, !a.RowsAreContiguous);
        PieceLayout layoutB = cores is null ? new(depthStep, tile.Tile.Columns + Padding, false) : cores.Layout(depthStep, tile.Tile.Columns, bb.RowsAreContiguous, bb.RowsAreContiguous);
        int bytesA = layoutA.Count * stored.Bytes();
        int stage = bytesA + (layoutB.Count * stored.Bytes());
        int stages = cores is null ? 2 : TensorCores.Stages;
        LLVMValueRef memory = TileMemory();
        RequireShared(stages * stage);

        LLVMValueRef depth = exprs.Index(product.Depth);
        LLVMValueRef rows = exprs.Index(product.ValidRows);
        LLVMValueRef columns = exprs.Index(product.ValidColumns);
        LLVMTypeRef index = frame.IndexType;
        LLVMValueRef And(LLVMValueRef x, LLVMValueRef y) => b.Builder.BuildAnd(x, y);
        LLVMValueRef Below(LLVMValueRef x, LLVMValueRef y) => b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, x, y);
        LLVMValueRef allRows = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLE, b.Constant(index, (long)tile.Tile.Rows), rows);
        LLVMValueRef allColumns = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLE, b.Constant(index, (long)tile.Tile.Columns), columns);
        LLVMValueRef zero = index.Null;
        LLVMValueRef step = b.Constant(index, (long)depthStep);
        (LLVMValueRef PieceA, LLVMValueRef PieceB) Slot(LLVMValueRef number)
        {
            LLVMValueRef at = b.Builder.BuildGEP2(b.I8, memory, b.Builder.BuildNSWMul(number, b.Constant(b.I32, (long)stage)));
            return (at, b.Builder.BuildGEP2(b.I8, at, b.Constant(b.I32, (long)bytesA)));
        }

        // Copies that need no registers, where tensor cores take what is in memory and all of it is aligned.
        LLVMValueRef? copiesA = cores is not null && a.CanCopy ? And(a.IsAligned(this), allRows) : null;
        LLVMValueRef? copiesB = cores is not null && bb.CanCopy ? And(bb.IsAligned(this), allColumns) : null;
        LLVMValueRef IsWhole(LLVMValueRef k) =>
            b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLE, b.Builder.BuildNSWAdd(k, step), depth);
        void Load(LLVMValueRef k, LLVMValueRef slot)
        {
            (LLVMValueRef pieceA, LLVMValueRef pieceB) = Slot(slot);
            Unless(copiesA, k, () => a.Copy(this, zero, k, (row, column) => layoutA.Address(b, pieceA, row, column, stored)),
                () => LoadPiece(a, And(IsWhole(k), allRows), (row, column) => And(Below(row, rows), Below(column, depth)), zero, k));
            Unless(copiesB, k, () => bb.Copy(this, k, zero, (row, column) => layoutB.Address(b, pieceB, row, column, stored)),
                () => LoadPiece(bb, And(IsWhole(k), allColumns), (row, column) => And(Below(row, depth), Below(column, columns)), k, zero));
        }

        void Store(LLVMValueRef k, LLVMValueRef slot)
        {
            (LLVMValueRef pieceA, LLVMValueRef pieceB) = Slot(slot);
            Unless(copiesA, k, null, () => a.Store((row, column) => layoutA.Address(b, pieceA, row, column, stored)));
            Unless(copiesB, k, null, () => bb.Store((row, column) => layoutB.Address(b, pieceB, row, column, stored)));
            if (cores is not null)
            {
                b.Call("llvm.nvvm.cp.async.commit.group", []);
            }
        }

        void Unless(LLVMValueRef? copies, LLVMValueRef k, Action? copy, Action otherwise)
        {
            if (copies is not { } may)
            {
                otherwise();
            }
            else if (copy is not null)
            {
                Branch(And(may, IsWhole(k)), copy, otherwise);
            }
            else
            {
                Branch(b.Builder.BuildNot(And(may, IsWhole(k))), otherwise, null);
            }
        }

        void Arrive()
        {
            if (cores is not null)
            {
                // All pieces but those that are not needed next.
                b.Call("llvm.nvvm.cp.async.wait.group", [], b.Constant(b.I32, (long)(stages - 2)));
            }

            Barrier();
        }

        for (int i = 0; i < stages - 1; i++)
        {
            LLVMValueRef k = b.Constant(index, (long)i * depthStep);
            LLVMValueRef slot = b.Constant(b.I32, (long)i);
            Load(k, slot);
            Store(k, slot);
        }

        Arrive();
        LLVMValueRef current = frame.Alloca(b.I32);
        b.Builder.BuildStore(b.I32.Null, current);
        CountedLoop(zero, depth, step, k =>
        {
            // The slot that was read last is free.
            LLVMValueRef slot = b.Builder.BuildLoad2(b.I32, current);
            LLVMValueRef last = b.Constant(b.I32, (long)(stages - 1));
            LLVMValueRef free = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntEQ, slot, 0), last, b.Add(slot, -1));
            LLVMValueRef ahead = b.Builder.BuildNSWAdd(k, b.Constant(index, (long)(stages - 1) * depthStep));
            Load(ahead, free);
            (LLVMValueRef pieceA, LLVMValueRef pieceB) = Slot(slot);
            if (cores is null)
            {
                MultiplyPiece(tile, depthStep, pieceA, layoutA, pieceB, layoutB);
            }
            else
            {
                cores.Multiply(tile, pieceA, layoutA, pieceB, layoutB);
            }

            Store(ahead, free);
            b.Builder.BuildStore(b.Select(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntEQ, slot, last), b.I32.Null, b.Add(slot, 1)), current);
            Arrive();
        });
        if (cores is not null)
        {
            // The epilogue uses the memory: nothing may be on its way to it.
            b.Call("llvm.nvvm.cp.async.wait.group", [], b.I32.Null);
            Barrier();
        }
    }

    private void LoadPiece(TileOperandLoader loader, LLVMValueRef isWhole, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> isInside,
        LLVMValueRef firstRow, LLVMValueRef firstColumn)
    {
        void Careful() => loader.Load(this, isInside, firstRow, firstColumn);
        if (loader.IsPlain)
        {
            Branch(isWhole, () => loader.Load(this, null, firstRow, firstColumn), Careful);
        }
        else
        {
            Careful();
        }
    }

    /// <summary>
    /// The epilogue: rows go through shared memory, so that neighbouring threads take neighbouring columns, and the body stands in the code once
    /// for some rows instead of once for each element.
    /// </summary>
    protected override void EmitTileForEach(TileForEachStmt each)
    {
        if (attentions.TryGetValue(each.Tile, out AttentionShape? attention))
        {
            EmitAttentionForEach(each, attention);
            return;
        }

        TileState tile = frame.Lookup(each.Tile);
        if (tile.IsThin)
        {
            EmitThinForEach(each, tile);
            return;
        }

        ElementType type = each.Tile.Type;
        LLVMValueRef validColumns = exprs.Index(each.ValidColumns);
        LLVMValueRef validRows = each.ValidRows is null ? b.Constant(frame.IndexType, (long)each.Tile.Rows) : exprs.Index(each.ValidRows);
        int stride = each.Tile.Columns + Padding;
        int slabs = tile.IsFragments ? tile.RowsOfWarp / TileState.FragmentRows : each.Tile.Rows / GroupRows;
        int slabRows = tile.IsFragments ? TileState.WarpRows * TileState.FragmentRows : GroupRows;
        LLVMValueRef memory = TileMemory();
        RequireShared(slabRows * stride * type.Bytes());
        LLVMValueRef At(LLVMValueRef row, LLVMValueRef column) => b.Builder.BuildGEP2(
            ScalarTypes.InMemory(b, type), memory, b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(row, b.Constant(b.I32, (long)stride)), column));
        for (int slab = 0; slab < slabs; slab++)
        {
            int number = slab;
            int firstRow = slab * (tile.IsFragments ? TileState.FragmentRows : GroupRows);
            LLVMValueRef hasRows = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, b.Constant(frame.IndexType, (long)firstRow), validRows);
            Branch(hasRows, () =>
            {
                if (tile.IsFragments)
                {
                    TensorCores.WriteSlab(b, frame, tile, number, At);
                }
                else
                {
                    WriteSlab(tile, number, At);
                }

                Barrier();
                int count = slabRows * each.Tile.Columns;
                frame.IsSpread = true;
                CountedLoop(frame.Threads.InItem, b.Constant(b.I32, (long)count), b.Constant(b.I32, (long)TileState.Threads), place =>
                {
                    LLVMValueRef column = b.And(place, each.Tile.Columns - 1);
                    LLVMValueRef inSlab = b.Builder.BuildLShr(place, b.Constant(b.I32, (long)int.Log2(each.Tile.Columns)));
                    LLVMValueRef row = tile.IsFragments ? TensorCores.RowOf(b, tile, number, inSlab) : b.Add(inSlab, firstRow);
                    (LLVMValueRef r, LLVMValueRef c) = frame.IsNarrow ? (row, column) : (b.Builder.BuildZExt(row, b.I64), b.Builder.BuildZExt(column, b.I64));
                    LLVMValueRef inside = b.Builder.BuildAnd(
                        b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, r, validRows), b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, c, validColumns));
                    Branch(inside, () =>
                    {
                        frame.BindIndex(each.Row, r, isNatural: true);
                        frame.BindIndex(each.Column, c, isNatural: true);
                        LLVMValueRef element = exprs.LoadAt(type, At(inSlab, column));
                        frame.Bind(each.Element, new PtxFrame.Binding(element, element, default, default));
                        Emit(each.Body);
                    }, null);
                });
                frame.IsSpread = false;
                Barrier();
            }, null);
        }
    }

    /// <summary>Shared memory that the launch gives: as much as the largest need.</summary>
    private LLVMValueRef TileMemory()
    {
        if (tileMemory.Handle == 0)
        {
            LLVMTypeRef bytes = LLVMTypeRef.CreateArray(b.I8, 0);
            tileMemory = b.Module.AddGlobalInAddressSpace(bytes, frame.Threads.SharedName + "_tiles", PtxFrame.Shared);
            tileMemory.SetAlignment(128);
        }

        return tileMemory;
    }

    private void RequireShared(int bytes)
    {
        if (bytes > GpuModel.MostSharedBytes)
        {
            throw new InvalidOperationException($"a tile needs {bytes} bytes of shared memory, more than the {GpuModel.MostSharedBytes} there are");
        }

        frame.SharedBytes = Math.Max(frame.SharedBytes, bytes);
    }
}
