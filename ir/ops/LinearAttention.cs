using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Attention as a recurrence over a state S <c>[dk, dv]</c> per head (ONNX LinearAttention, opset 27):
/// <c>S = decay*S; S += k (x) u; o = q^T S</c>, where u is v, or with <paramref name="HasBeta"/> <c>beta*(v - k^T S)</c> with the decayed S. Inputs:
/// <c>q [B, T, Hq, dk]</c> (scaled), <c>k [B, T, H, dk]</c>, <c>v [B, T, H, dv]</c>, the state before <c>[B, H, dk, dv]</c>, with
/// <paramref name="HasDecay"/> the factors <c>decay [B, T, H, dk]</c>, and <c>beta [B, T, H]</c>. Hq is a multiple of H. Outputs:
/// <c>o [B, T, Hq, dv]</c> and the last state. f16 and bf16 compute in f32.
/// </summary>
public sealed record LinearAttention(bool HasDecay, bool HasBeta) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(4 + (HasDecay ? 1 : 0) + (HasBeta ? 1 : 0));
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectSameElement();
        for (var i = 0; i < c.InputCount; i++)
        {
            c.ExpectRank(i, HasBeta && i == c.InputCount - 1 ? 3 : 4);
        }

        var (q, k, v, state) = (c.Input(0).Shape, c.Input(1).Shape, c.Input(2).Shape, c.Input(3).Shape);
        RequireShape(c, 0, [q[0], q[1], q[2], k[3]]);
        RequireShape(c, 1, [q[0], q[1], k[2], k[3]]);
        RequireShape(c, 2, [q[0], q[1], k[2], v[3]]);
        RequireShape(c, 3, [q[0], k[2], k[3], v[3]]);
        if (!q[2].IsConstant || !k[2].IsConstant || k[2].Constant == 0 || q[2].Constant % k[2].Constant != 0)
        {
            throw c.Error($"expects a known number of query heads, a multiple of the others, found {q} and {k}");
        }

        if (HasDecay)
        {
            RequireShape(c, 4, k);
        }

        if (HasBeta)
        {
            RequireShape(c, c.InputCount - 1, new Shape(k.Dims[..3]));
        }

        c.Output(c.Input(0).Element, [q[0], q[1], q[2], v[3]]);
        c.Output(c.Input(0).Element, state);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (q, k, v, past, output, last) = (c.Input(0), c.Input(1), c.Input(2), c.Input(3), c.NewOutput(0), c.NewOutput(1));
        var (decay, beta) = (HasDecay ? c.Input(4) : null, HasBeta ? c.Input(c.InputCount - 1) : null);
        var (batch, steps, queries, heads) = (q.Dims[0], q.Dims[1], q.Dims[2], k.Dims[2]);
        var (rows, columns, group) = (k.Dims[3], v.Dims[3], queries / heads);
        for (var line = 0L; line < batch * heads; line++)
        {
            var (b, head) = (line / heads, line % heads);
            var s = new double[rows * columns];
            for (var i = 0; i < s.Length; i++)
            {
                s[i] = past.GetDouble((line * s.Length) + i);
            }

            for (var t = 0L; t < steps; t++)
            {
                var place = (((b * steps) + t) * heads) + head;
                for (var column = 0L; column < columns; column++)
                {
                    var recalled = 0.0;
                    for (var row = 0L; row < rows; row++)
                    {
                        s[(row * columns) + column] *= decay?.GetDouble((place * rows) + row) ?? 1;
                        recalled += s[(row * columns) + column] * k.GetDouble((place * rows) + row);
                    }

                    var u = v.GetDouble((place * columns) + column);
                    u = beta is null ? u : beta.GetDouble(place) * (u - recalled);
                    for (var row = 0L; row < rows; row++)
                    {
                        s[(row * columns) + column] += k.GetDouble((place * rows) + row) * u;
                    }

                    for (var query = 0L; query < group; query++)
                    {
                        var own = (((b * steps) + t) * queries) + (head * group) + query;
                        var sum = 0.0;
                        for (var row = 0L; row < rows; row++)
                        {
                            sum += s[(row * columns) + column] * q.GetDouble((own * rows) + row);
                        }

                        output.SetDouble((own * columns) + column, sum);
                    }
                }
            }

            for (var i = 0; i < s.Length; i++)
            {
                last.SetDouble((line * s.Length) + i, s[i]);
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var (type, shape) = (c.InputType(0), c.InputType(2).Shape);
        var real = type.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var (depth, width) = (c.InputType(1).Shape[3], shape[3]);
        var (rows, columns, steps, heads) = (ExprFactory.Dim(depth), ExprFactory.Dim(width), ExprFactory.Dim(shape[1]), shape[2]);
        var queries = type.Shape[2].Constant;
        var group = queries / heads.Constant;
        var kernel = c.NewKernel("linear_attention");
        var isOnGpu = c.Machine.Gpu is not null;
        if (isOnGpu)
        {
            // A thread a column.
            const int few = 64;
            kernel.ThreadsPerItem = width is { IsConstant: true, Constant: <= few } ? few : GpuModel.BlockThreads;
        }

        var (q, k, v, past) = (c.Input(kernel, 0), c.Input(kernel, 1), c.Input(kernel, 2), c.Input(kernel, 3));
        var (decay, beta) = (HasDecay ? c.Input(kernel, 4) : null, HasBeta ? c.Input(kernel, c.InputCount - 1) : null);
        var (output, last) = (c.Output(kernel, 0), c.Output(kernel, 1));
        Expr Wide(KernelBuffer buffer, Expr at) => ExprFactory.Cast(real, ExprFactory.Load(buffer, at));
        kernel.Parallel(shape[0] * heads, line =>
        {
            // Columns of the state do not meet: they are the lanes, and the state stays with the worker.
            const long mostShared = 4096;
            var state = isOnGpu && depth * width is { IsConstant: true, Constant: > 0 and <= mostShared } size
                ? kernel.Shared("state", real, size.Constant) : kernel.Scratch("state", real, depth * width);
            void Meet()
            {
                if (isOnGpu)
                {
                    kernel.Barrier();
                }
            }

            var (b, head) = c.Math.DivMod(line, heads);
            (b, head) = (kernel.Let(b), kernel.Let(head));
            kernel.Vector(rows * columns, i => kernel.Store(state, i, Wide(past, (line * rows * columns) + i)));
            Meet();
            kernel.Serial(steps, t =>
            {
                var moment = kernel.Let((b * steps) + t);
                var place = kernel.Let((moment * ExprFactory.Dim(heads)) + head);
                kernel.Vector(columns, column =>
                {
                    Expr At(Expr row) => (row * columns) + column;
                    var u = Wide(v, (place * columns) + column);
                    if (decay is not null || beta is not null)
                    {
                        var recalled = kernel.Declare(ExprFactory.Float(0, real), "recalled");
                        kernel.Serial(rows, row =>
                        {
                            var s = ExprFactory.Load(state, At(row));
                            s = kernel.Let(decay is null ? s : s * Wide(decay, (place * rows) + row));
                            kernel.Store(state, At(row), s);
                            kernel.Assign(recalled, ExprFactory.Read(recalled) + (s * Wide(k, (place * rows) + row)));
                        });
                        u = beta is null ? u : Wide(beta, place) * (u - ExprFactory.Read(recalled));
                    }

                    u = kernel.Let(u);
                    var sums = Enumerable.Range(0, (int)group).Select(_ => kernel.Declare(ExprFactory.Float(0, real), "sum")).ToArray();
                    Expr Query(int i) => (moment * queries) + (head * group) + i;
                    kernel.Serial(rows, row =>
                    {
                        var s = kernel.Let(ExprFactory.Load(state, At(row)) + (Wide(k, (place * rows) + row) * u));
                        kernel.Store(state, At(row), s);
                        for (var i = 0; i < group; i++)
                        {
                            kernel.Assign(sums[i], ExprFactory.Read(sums[i]) + (s * Wide(q, (Query(i) * rows) + row)));
                        }
                    });
                    for (var i = 0; i < group; i++)
                    {
                        kernel.Store(output, (Query(i) * columns) + column, ExprFactory.Cast(type.Element, ExprFactory.Read(sums[i])));
                    }
                });
            });
            Meet();
            kernel.Vector(rows * columns,
                i => kernel.Store(last, (line * rows * columns) + i, ExprFactory.Cast(type.Element, ExprFactory.Load(state, i))));
            Meet();
        });
        c.Launch(kernel, shape[1] * depth * width * (2 + group));
    }

    private static void RequireShape(InferContext c, int input, Shape expected)
    {
        for (var axis = 0; axis < expected.Rank; axis++)
        {
            c.RequireEqual(c.Input(input).Shape[axis], expected[axis], $"dims of input {input}");
        }
    }

    /// <summary>A loop over the steps that carries the state.</summary>
    public override Value[]? Decompose(OpWriter writer, IReadOnlyList<Value> inputs)
    {
        var (q, k, v) = (inputs[0], inputs[1], inputs[2]);
        var (element, shape) = (q.Type.Element, q.Type.Shape);
        var (batch, heads, depth, width) = (shape[0], k.Type.Shape[2], k.Type.Shape[3], v.Type.Shape[3]);
        var group = writer.Dims.Const(shape[2].Constant / heads.Constant);
        var wide = inputs.Select(input => writer.As(input, OpWriter.Wide(element))).ToArray();
        var results = LoopWriter.Run(writer, shape[1], [wide[3]], (w, step, carried) =>
        {
            Value At(Value value, Shape form) => w.Shaped(w.Emit(new Gather(1), value, step), form);
            var product = new MatMul(OpWriter.Wide(element));
            var state = HasDecay ? w.Times(carried[0], At(wide[4], [batch, heads, depth, w.Dims.One])) : carried[0];
            var key = At(wide[1], [batch, heads, depth, w.Dims.One]);
            var update = At(wide[2], [batch, heads, w.Dims.One, width]);
            if (HasBeta)
            {
                var recalled = w.Emit(product, w.Transposed(key), state);
                update = w.Times(At(wide[^1], [batch, heads, w.Dims.One, w.Dims.One]), w.Minus(update, recalled));
            }

            state = w.Plus(state, w.Times(key, update));
            return ([state], [w.Emit(product, At(wide[0], [batch, heads, group, depth]), state)]);
        });
        var output = writer.Permuted(results[1], 1, 0, 2, 3, 4);
        return [writer.As(writer.Shaped(output, [batch, shape[1], shape[2], width]), element), writer.As(results[0], element)];
    }
}
