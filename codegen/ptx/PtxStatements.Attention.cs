using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <content>
/// Attention with online softmax: blocks of keys come to shared memory while the threads compute with others; of each row the greatest score so far, the sum
/// of the weights and the weighted sum of the values stay in registers, and are scaled down when a greater score comes.
/// </content>
internal sealed partial class PtxStatements
{
    /// <summary>Scores whose bodies stand side by side.</summary>
    private const int ScoresTogether = 4;

    private readonly Dictionary<Tile, AttentionShape> attentions = new(ReferenceEqualityComparer.Instance);

    /// <summary>Runs one side or the other.</summary>
    internal void Either(LLVMValueRef condition, Action then, Action? otherwise) => Branch(condition, then, otherwise);

    /// <summary>All threads of the work item arrive before any leaves.</summary>
    internal void Meet() => Barrier();

    /// <summary>The value of the thread of the warp whose number differs by these bits.</summary>
    internal LLVMValueRef Exchange(LLVMValueRef value, int distance) => reduction.Exchange(value, distance);

    /// <summary><c>for (i = start; i &lt; end; i += step)</c> on i32.</summary>
    internal void Repeat(LLVMValueRef start, int end, int step, Action<LLVMValueRef> body) => CountedLoop(start, b.Constant(b.I32, (long)end), step, body);

    private void EmitTileAttention(TileAttentionStmt s)
    {
        if (s.Depth is not IntLiteral { Value: var depth } || s.Tile.Type != ElementType.Float32 || frame.Threads.PerItem % GpuModel.WarpThreads != 0)
        {
            throw new InvalidOperationException("attention takes heads of a known length, f32 sums and whole warps");
        }

        ElementType stored = s.Q.Value.Type;
        TensorCores? cores = TensorCores.For(stored, b, frame);
        var shape = new AttentionShape(s.Tile.Rows, s.Columns, checked((int)depth), frame.Threads.PerItem, stored, cores);
        attentions.Add(s.Tile, shape);
        frame.HoldsTiles = true;
        frame.BlocksTogether = frame.IsNarrow ? shape.BlocksTogether : 2;
        RequireShared(shape.SharedBytes);
        LLVMValueRef memory = TileMemory();
        LLVMValueRef At(int offset) => b.Builder.BuildGEP2(b.I8, memory, b.Constant(b.I32, (long)offset));
        LLVMTypeRef index = frame.IndexType;
        LLVMValueRef rows = exprs.Index(s.ValidRows);
        LLVMValueRef firstKey = exprs.Index(s.FirstKey);
        LLVMValueRef keys = exprs.Index(s.End);
        AttentionMath math = cores is null ? new AttentionScalarMath(this, frame, shape) : new AttentionTensorMath(this, frame, shape, cores);
        var softmax = new OnlineSoftmax(this, frame, math);
        var queryLines = new AttentionLoader(this, frame, shape, s.Q, false, shape.Rows, shape.Depth, shape.PaddedDepth, memory);
        var keyLines = new AttentionLoader(this, frame, shape, s.K, true, shape.Keys, shape.Depth, shape.PaddedDepth, At(shape.KeysAt));
        var valueLines = new AttentionLoader(this, frame, shape, s.V, false, shape.Keys, shape.Columns, shape.PaddedColumns, At(shape.ValuesAt));
        LLVMValueRef step = b.Constant(index, (long)shape.Keys);
        LLVMValueRef Rest(LLVMValueRef first) => b.Builder.BuildNSWSub(keys, first);
        LLVMValueRef IsBelow(LLVMValueRef x, LLVMValueRef y) => b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, x, y);
        Branch(IsBelow(firstKey, keys), () =>
        {
            queryLines.Load(index.Null, rows);
            keyLines.Load(firstKey, Rest(firstKey));
        }, null);
        Commit();
        CountedLoop(firstKey, keys, step, first =>
        {
            // The keys are there, and nobody needs the last values any more.
            Arrive(0);
            valueLines.Load(first, Rest(first));
            Commit();
            LLVMValueRef[] scores = math.Score(memory);
            Barrier();
            LLVMValueRef next = b.Builder.BuildNSWAdd(first, step);
            Branch(IsBelow(next, keys), () => keyLines.Load(next, Rest(next)), null);
            Commit();

            // Only the last block of keys has keys that are not there.
            LLVMValueRef isWhole = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLE, next, keys);
            LLVMValueRef[] slots = [.. scores.Select(_ => frame.Alloca(b.F32))];
            Branch(isWhole, () => Score(s.Score, math, scores, slots, first, rows, null), () => Score(s.Score, math, scores, slots, first, rows, keys));
            LLVMValueRef[] weights = softmax.Next([.. slots.Select(slot => b.Builder.BuildLoad2(b.F32, slot))]);
            Arrive(1);
            math.Add(weights, memory);
        });

        // The output goes where keys and values were.
        Arrive(0);
        softmax.Join(At(shape.SumsAt));
        if (s.IsPart)
        {
            softmax.Tell((row, column, value) =>
                b.Builder.BuildStore(value, OutputAddress(shape, math.Part, row, b.Constant(b.I32, (long)shape.PaddedColumns + column))).SetAlignment(sizeof(float)));
        }
        else
        {
            softmax.Divide(s.EmptyIsZero ? b.Bit.AllOnes : b.Builder.BuildNot(IsBelow(firstKey, keys)));
        }

        for (int i = 0; i < math.Outputs.Length; i++)
        {
            (int row, LLVMValueRef column) = math.OutputAt(i);
            b.Builder.BuildStore(b.Builder.BuildLoad2(b.F32, math.Outputs[i]), OutputAddress(shape, math.Part, math.Row(row), column)).SetAlignment(sizeof(float));
        }

        Barrier();

        void Commit() => b.Call("llvm.nvvm.cp.async.commit.group", []);

        void Arrive(int onTheWay)
        {
            b.Call("llvm.nvvm.cp.async.wait.group", [], b.Constant(b.I32, (long)onTheWay));
            Barrier();
        }
    }

    /// <summary>
    /// What the scores' body makes of products. Rows that are not there stand for one that is. So do keys, where only <paramref name="keys"/> of them are, and
    /// their scores are minus infinity.
    /// </summary>
    private void Score(TileScore score, AttentionMath math, LLVMValueRef[] products, LLVMValueRef[] slots, LLVMValueRef firstKey, LLVMValueRef rows, LLVMValueRef? keys)
    {
        LLVMValueRef one = b.Constant(frame.IndexType, 1L);
        LLVMValueRef LastOr(LLVMValueRef place, LLVMValueRef count) => b.Call("llvm.smin", [place.TypeOf], place, b.Builder.BuildNSWSub(count, one));
        for (int start = 0; start < products.Length; start += ScoresTogether)
        {
            int count = Math.Min(ScoresTogether, products.Length - start);
            var scopes = new Dictionary<Var, PtxFrame.Binding>[count];
            var places = new LLVMValueRef[count];
            for (int i = 0; i < count; i++)
            {
                (int row, LLVMValueRef inBlock) = math.ScoreAt(start + i);
                places[i] = b.Builder.BuildNSWAdd(firstKey, Widened(inBlock));
                frame.Enter(scopes[i] = new(ReferenceEqualityComparer.Instance));
                frame.BindIndex(score.Row, LastOr(Widened(math.Row(row)), rows), isNatural: true);
                frame.BindIndex(score.Key, keys is { } all ? LastOr(places[i], all) : places[i], isNatural: true);
                frame.Bind(score.Element, new PtxFrame.Binding(products[start + i], products[start + i], default, default));
            }

            foreach (Stmt statement in score.Body.Body)
            {
                foreach (Dictionary<Var, PtxFrame.Binding> scope in scopes)
                {
                    frame.Enter(scope);
                    Emit(statement);
                }
            }

            for (int i = 0; i < count; i++)
            {
                frame.Enter(scopes[i]);
                exprs.BeginStatement();
                LLVMValueRef value = exprs.Value(score.Value);
                if (keys is { } all)
                {
                    LLVMValueRef isThere = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, places[i], all);
                    value = b.Select(isThere, value, b.Constant(b.F32, double.NegativeInfinity));
                }

                b.Builder.BuildStore(value, slots[start + i]);
            }
        }

        frame.Enter(null);
        exprs.BeginStatement();
    }

    private void EmitAttentionForEach(TileForEachStmt each, AttentionShape shape)
    {
        LLVMValueRef rows = each.ValidRows is null ? b.Constant(frame.IndexType, (long)shape.Rows) : exprs.Index(each.ValidRows);
        LLVMValueRef columns = b.Constant(b.I32, (long)each.Tile.Columns);
        frame.IsSpread = true;
        CountedLoop(frame.Threads.InItem, b.Constant(b.I32, (long)shape.Rows * each.Tile.Columns), shape.Threads, place =>
        {
            LLVMValueRef row = b.Builder.BuildUDiv(place, columns);
            LLVMValueRef column = b.Builder.BuildURem(place, columns);

            // What parts have besides is behind the padding.
            LLVMValueRef at = each.Tile.Columns == shape.Columns || shape.PaddedColumns == shape.Columns ? column
                : b.Select(b.ICmp(LLVMIntPredicate.LLVMIntSLT, column, shape.Columns), column, b.Add(column, shape.PaddedColumns - shape.Columns));
            Branch(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, Widened(row), rows), () =>
            {
                LLVMValueRef? element = null;
                for (int part = 0; part < shape.Parts; part++)
                {
                    LLVMValueRef value = exprs.LoadAt(ElementType.Float32, OutputAddress(shape, b.Constant(b.I32, (long)part), row, at));
                    element = element is { } sum ? b.FAdd(sum, value) : value;
                }

                frame.BindIndex(each.Row, Widened(row), isNatural: true);
                frame.BindIndex(each.Column, Widened(column), isNatural: true);
                frame.Bind(each.Element, new PtxFrame.Binding(element!.Value, element.Value, default, default));
                Emit(each.Body);
            }, null);
        });
        frame.IsSpread = false;
        Barrier();
    }

    private LLVMValueRef OutputAddress(AttentionShape shape, LLVMValueRef part, LLVMValueRef row, LLVMValueRef column)
    {
        LLVMValueRef line = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(part, b.Constant(b.I32, (long)shape.Rows)), row);
        LLVMValueRef place = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(line, b.Constant(b.I32, (long)shape.OutputStride)), column);
        return b.Builder.BuildGEP2(b.F32, TileMemory(), place);
    }
}
