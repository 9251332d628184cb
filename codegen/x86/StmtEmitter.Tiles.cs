using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <content>
/// Register tiles. Accumulators stay in vector registers over the whole depth: one row of B is loaded, each element of A broadcast. The
/// shape is chosen by the lowering so that everything fits the registers (<see cref="MachineModel.MaximalTileRows"/>).
/// </content>
internal sealed partial class StmtEmitter
{
    private const int DepthUnroll = 4;

    // Tiles with few rows wait for B more than for arithmetic: they ask for it this many steps ahead (15% with one row).
    private const int StreamingRows = 4;
    private const int PrefetchSteps = 16;

    // Instructions of all repetitions up to which an epilogue is written out for every vector of the tile.
    private const int UnrolledEpilogue = 400;

    protected override void EmitTileDeclare(TileDeclareStmt declare)
    {
        if (frame.Scope.IsVector)
        {
            throw new InvalidOperationException($"tile t{declare.Tile.Id} is declared inside a vector loop");
        }

        Tile tile = declare.Tile;
        Frame.TilePiece[] pieces = [.. Pieces(tile.Columns)];
        LLVMValueRef[,] slots = new LLVMValueRef[tile.Rows, pieces.Length];
        LLVMValueRef initial = exprs.Scalar(declare.Initial);
        for (int row = 0; row < tile.Rows; row++)
        {
            for (int piece = 0; piece < pieces.Length; piece++)
            {
                slots[row, piece] = frame.Alloca(PieceType(tile, pieces[piece]));
                b.Builder.BuildStore(b.Splat(initial, pieces[piece].Lanes), slots[row, piece]);
            }
        }

        frame.Bind(tile, new Frame.TileBinding(slots, pieces));
    }

    private IEnumerable<Frame.TilePiece> Pieces(int columns)
    {
        int lanes = b.Machine.VectorLanes;
        for (int start = 0; start < columns; start += lanes)
        {
            while (lanes > 1 && start + lanes > columns)
            {
                lanes /= 2;
            }

            yield return new Frame.TilePiece(start, lanes == 1 ? 0 : lanes);
        }
    }

    private LLVMTypeRef PieceType(Tile tile, Frame.TilePiece piece) => LaneBuilder.Wide(ScalarTypes.InRegister(b, tile.Type), piece.Lanes);

    private void EmitTileContract(TileContractStmt s)
    {
        Frame.TileBinding tile = frame.Lookup(s.Tile);
        LLVMValueRef depth = AtLeastZero(exprs.Scalar(s.Depth));
        LLVMValueRef aBase = exprs.Scalar(s.ABase);
        LLVMValueRef aRowStride = exprs.Scalar(s.ARowStride);
        LLVMValueRef aDepthStride = exprs.Scalar(s.ADepthStride);
        LLVMValueRef bBase = exprs.Scalar(s.BBase);
        LLVMValueRef bDepthStride = exprs.Scalar(s.BDepthStride);
        LLVMTypeRef aType = ScalarTypes.InMemory(b, s.A.Type);
        LLVMTypeRef bType = ScalarTypes.InMemory(b, s.B.Type);
        LLVMValueRef aStart = b.Builder.BuildGEP2(aType, frame.Lookup(s.A).Address, aBase);
        LLVMValueRef bStart = b.Builder.BuildGEP2(bType, frame.Lookup(s.B).Address, bBase);
        LLVMValueRef[] rows = new LLVMValueRef[s.Tile.Rows];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = b.Builder.BuildMul(aRowStride, b.Constant(b.I64, row));
        }

        void Step(LLVMValueRef k)
        {
            LLVMValueRef aAt = b.Builder.BuildGEP2(aType, aStart, b.Builder.BuildMul(k, aDepthStride));
            LLVMValueRef bAt = b.Builder.BuildGEP2(bType, bStart, b.Builder.BuildMul(k, bDepthStride));
            LLVMValueRef[] panel = [.. tile.Pieces.Select(p => LoadPanel(s, bType, bAt, p))];
            if (rows.Length <= StreamingRows)
            {
                Prefetch(tile, bType, b.Builder.BuildGEP2(bType, bAt, b.Builder.BuildMul(bDepthStride, b.Constant(b.I64, PrefetchSteps))));
            }

            for (int row = 0; row < rows.Length; row++)
            {
                LLVMValueRef raw = b.Builder.BuildLoad2(aType, b.Builder.BuildGEP2(aType, aAt, rows[row]));
                raw.SetAlignment((uint)s.A.Type.Bytes());
                LLVMValueRef a = frame.Arithmetic.Cast(s.Tile.Type, s.A.Type, ScalarTypes.Decode(b, s.A.Type, raw));
                for (int piece = 0; piece < panel.Length; piece++)
                {
                    Accumulate(s.Tile, tile, row, piece, a, panel[piece]);
                }
            }
        }

        if (depth.IsAConstantInt && depth.ConstIntSExt <= DepthUnroll)
        {
            for (long k = 0; k < depth.ConstIntSExt; k++)
            {
                Step(b.Constant(b.I64, k));
            }

            return;
        }

        LLVMValueRef whole = b.And(depth, -DepthUnroll);
        CountedLoop(b.Constant(b.I64, 0L), whole, DepthUnroll, k =>
        {
            for (int i = 0; i < DepthUnroll; i++)
            {
                Step(b.Add(k, i));
            }
        });
        CountedLoop(whole, depth, 1, Step);
    }

    private void Prefetch(Frame.TileBinding tile, LLVMTypeRef type, LLVMValueRef row)
    {
        // A read, to be kept in all levels of the data cache.
        foreach (Frame.TilePiece piece in tile.Pieces)
        {
            LLVMValueRef address = b.Builder.BuildGEP2(type, row, b.Constant(b.I64, piece.Start));
            b.Call("llvm.prefetch", [b.Pointer], address, b.Constant(b.I32, 0L), b.Constant(b.I32, 3L), b.Constant(b.I32, 1L));
        }
    }

    private LLVMValueRef LoadPanel(TileContractStmt s, LLVMTypeRef type, LLVMValueRef row, Frame.TilePiece piece)
    {
        LLVMValueRef address = b.Builder.BuildGEP2(type, row, b.Constant(b.I64, piece.Start));
        LLVMValueRef raw = b.Builder.BuildLoad2(LaneBuilder.Wide(type, piece.Lanes), address);
        raw.SetAlignment((uint)s.B.Type.Bytes());
        return frame.Arithmetic.Cast(s.Tile.Type, s.B.Type, ScalarTypes.Decode(b, s.B.Type, raw));
    }

    private void Accumulate(Tile tile, Frame.TileBinding binding, int row, int piece, LLVMValueRef a, LLVMValueRef panel)
    {
        LLVMValueRef slot = binding.Slots[row, piece];
        LLVMValueRef sum = b.Builder.BuildLoad2(PieceType(tile, binding.Pieces[piece]), slot);
        LLVMValueRef wide = b.Splat(a, binding.Pieces[piece].Lanes);
        sum = tile.Type is ElementType.Float32 or ElementType.Float64
            ? b.Fma(wide, panel, sum)
            : frame.Arithmetic.Binary(BinaryOp.Add, tile.Type, sum, frame.Arithmetic.Binary(BinaryOp.Mul, tile.Type, wide, panel));
        b.Builder.BuildStore(sum, slot);
    }

    protected override void EmitTileForEach(TileForEachStmt each)
    {
        Frame.TileBinding tile = frame.Lookup(each.Tile);
        LLVMValueRef valid = exprs.Scalar(each.ValidColumns);
        Divergence? outer = frame.Divergence;
        frame.Divergence = Divergence.Of(each.Body, each.Column, each.Element);
        BodyCost cost = BodyCost.Of(each.Body);
        bool isLight = cost.Instructions * each.Tile.Rows * tile.Pieces.Length <= UnrolledEpilogue && !cost.HasControlFlow;
        LLVMValueRef spill = isLight ? default : Spill(each, tile);

        // Nearly all tiles are whole; only the last panel of a matrix pays for masks, and need not have code for each vector.
        LLVMValueRef isWhole = b.ICmp(LLVMIntPredicate.LLVMIntSGE, valid, each.Tile.Columns);
        Choose(
            isWhole,
            () =>
            {
                if (isLight)
                {
                    VisitRegisters(each, tile);
                }
                else
                {
                    VisitStack(each, tile, spill, null);
                }
            },
            () => VisitStack(each, tile, isLight ? Spill(each, tile) : spill, valid));
        frame.Divergence = outer;
        exprs.BeginStatement();
    }

    /// <summary>Emits both ways and a branch between them; one way alone where the condition is a constant.</summary>
    private void Choose(LLVMValueRef condition, Action then, Action otherwise)
    {
        if (condition.IsAConstantInt)
        {
            (condition.ConstIntSExt != 0 ? then : otherwise)();
            return;
        }

        Branch(condition, then, otherwise);
    }

    private void VisitRegisters(TileForEachStmt each, Frame.TileBinding tile)
    {
        for (int row = 0; row < each.Tile.Rows; row++)
        {
            for (int piece = 0; piece < tile.Pieces.Length; piece++)
            {
                LLVMValueRef element = b.Builder.BuildLoad2(PieceType(each.Tile, tile.Pieces[piece]), tile.Slots[row, piece]);
                VisitPiece(each, b.Constant(b.I64, row), tile.Pieces[piece], element, null);
            }
        }
    }

    /// <summary>Writes the tile to the stack, row after row, and gives its address.</summary>
    private LLVMValueRef Spill(TileForEachStmt each, Frame.TileBinding tile)
    {
        LLVMTypeRef scalar = ScalarTypes.InRegister(b, each.Tile.Type);
        LLVMTypeRef array = LLVMTypeRef.CreateArray(scalar, (ulong)(each.Tile.Rows * each.Tile.Columns));
        LLVMValueRef spill = frame.Alloca(array, StackAlignment);
        for (int row = 0; row < each.Tile.Rows; row++)
        {
            for (int piece = 0; piece < tile.Pieces.Length; piece++)
            {
                LLVMValueRef element = b.Builder.BuildLoad2(PieceType(each.Tile, tile.Pieces[piece]), tile.Slots[row, piece]);
                long at = (row * each.Tile.Columns) + tile.Pieces[piece].Start;
                b.Builder.BuildStore(element, b.Builder.BuildGEP2(scalar, spill, b.Constant(b.I64, at))).SetAlignment(Alignment(scalar));
            }
        }

        return spill;
    }

    private void VisitStack(TileForEachStmt each, Frame.TileBinding tile, LLVMValueRef spill, LLVMValueRef? valid)
    {
        LLVMTypeRef scalar = ScalarTypes.InRegister(b, each.Tile.Type);
        CountedLoop(b.Constant(b.I64, 0L), b.Constant(b.I64, each.Tile.Rows), 1, row =>
        {
            LLVMValueRef start = b.Builder.BuildMul(row, b.Constant(b.I64, each.Tile.Columns));
            foreach (Frame.TilePiece piece in tile.Pieces)
            {
                LLVMValueRef address = b.Builder.BuildGEP2(scalar, spill, b.Add(start, piece.Start));
                LLVMValueRef element = b.Builder.BuildLoad2(PieceType(each.Tile, piece), address);
                element.SetAlignment(Alignment(scalar));
                VisitPiece(each, row, piece, element, valid);
            }
        });
    }

    private static uint Alignment(LLVMTypeRef scalar) => scalar.Kind switch
    {
        LLVMTypeKind.LLVMIntegerTypeKind => Math.Max(1, scalar.IntWidth / 8),
        LLVMTypeKind.LLVMDoubleTypeKind => sizeof(double),
        _ => sizeof(float),
    };

    private void VisitPiece(TileForEachStmt each, LLVMValueRef row, Frame.TilePiece piece, LLVMValueRef element, LLVMValueRef? valid)
    {
        LLVMValueRef column = b.Constant(b.I64, piece.Start);
        frame.Bind(each.Row, LaneValue.Uniform(row));
        if (piece.Lanes == 0)
        {
            frame.Bind(each.Column, LaneValue.Uniform(column));
            frame.Bind(each.Element, LaneValue.Uniform(element));
        }
        else
        {
            frame.Bind(each.Column, LaneValue.Linear(column, b.Constant(b.I64, 1L)));
            frame.Bind(each.Element, LaneValue.Varying(element));
        }

        if (valid is not { } count)
        {
            InScope(new LaneScope(piece.Lanes, null), each.Body);
            return;
        }

        // Code is only reached when a lane runs: skip the piece when none does.
        LLVMValueRef left = b.Sub(count, column);
        Branch(
            b.ICmp(LLVMIntPredicate.LLVMIntSGT, left, 0),
            () => InScope(piece.Lanes == 0 ? LaneScope.Scalar : new LaneScope(piece.Lanes, b.LowLanes(left, piece.Lanes), left), each.Body),
            null);
    }

    private void InScope(LaneScope scope, Stmt body)
    {
        LaneScope outer = frame.Scope;
        frame.Scope = scope;
        Emit(body);
        frame.Scope = outer;
    }
}
