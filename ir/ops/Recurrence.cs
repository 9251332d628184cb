using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Base of recurrent layers over T steps, B sequences, D directions and H units. Inputs: <c>x [T, B, D, Gates, H]</c>, the input projections of
/// all steps with all biases that may be added there; <c>r [D, blocks, H, Gates, BlockUnits]</c>, the recurrent weights from each unit to the units
/// of a block, which are padded (with anything) to whole blocks, so that a block is one stream of memory;
/// the states before the first step, <c>[D, B, H]</c> each; what <see cref="ExtraRank"/> says; with <paramref name="HasLengths"/> the
/// lengths of the sequences, i64 <c>[B]</c>. Outputs: <c>y [T, D, B, H]</c>, 0 past the length of a sequence, and the last states <c>[D, B, H]</c>.
/// A direction that is reverse starts at the end of each sequence. f16 and bf16 compute in f32.
/// </summary>
/// <param name="IsReverse">For each direction.</param>
/// <param name="Functions">The activations of each direction in turn, with their numbers in the next two lists.</param>
/// <param name="Alphas">The first parameter of each function.</param>
/// <param name="Betas">The second parameter of each function.</param>
/// <param name="Clip">What gates put into their activations is clipped to [-Clip, Clip]; infinite for no clipping.</param>
/// <param name="HasLengths">Whether there is an input with lengths.</param>
public abstract record Recurrence(ValueList<bool> IsReverse, ValueList<RecurrentFunction> Functions, ValueList<double> Alphas,
    ValueList<double> Betas, double Clip, bool HasLengths) : Op, ILoops
{
    /// <summary>Units of a block of recurrent weights: the f32 lanes of the widest vectors.</summary>
    public const int BlockUnits = 16;

    protected abstract int Gates { get; }

    /// <summary>State vectors that go from step to step; the first is what a layer puts out.</summary>
    protected abstract int States { get; }

    protected abstract int FunctionsPerDirection { get; }

    /// <summary>The rank of a further input after the states, <c>[D, ..., H]</c>, or 0 for none.</summary>
    protected abstract int ExtraRank { get; }

    private int LengthsInput => 2 + States + (ExtraRank > 0 ? 1 : 0);

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(LengthsInput + (HasLengths ? 1 : 0));
        var (x, r, directions) = (c.Input(0), c.Input(1), IsReverse.Count);
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectRank(0, 5);
        c.ExpectRank(1, 5);
        if (Functions.Count != directions * FunctionsPerDirection || Alphas.Count != Functions.Count || Betas.Count != Functions.Count)
        {
            throw c.Error($"expects {directions * FunctionsPerDirection} activations, found {Functions}, {Alphas}, {Betas}");
        }

        c.RequireEqual(x.Shape[2], c.Dims.Const(directions), "directions");
        c.RequireEqual(x.Shape[3], c.Dims.Const(Gates), "gates");
        RequireShape(c, 1, [x.Shape[2], x.Shape[4].CeilDiv(BlockUnits), x.Shape[4], x.Shape[3], c.Dims.Const(BlockUnits)]);
        Shape state = [x.Shape[2], x.Shape[1], x.Shape[4]];
        for (var i = 0; i < States; i++)
        {
            RequireShape(c, i + 2, state);
        }

        if (ExtraRank > 0)
        {
            c.ExpectRank(LengthsInput - 1, ExtraRank);
            c.ExpectSameElement(0, LengthsInput - 1);
        }

        if (HasLengths)
        {
            c.ExpectRank(LengthsInput, 1);
            c.ExpectElement(LengthsInput, t => t == ElementType.Int64, "i64 lengths");
            c.RequireEqual(c.Input(LengthsInput).Shape[0], x.Shape[1], "batch");
        }

        c.Output(x.Element, [x.Shape[0], x.Shape[2], x.Shape[1], x.Shape[4]]);
        for (var i = 0; i < States; i++)
        {
            c.Output(x.Element, state);
        }
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, r) = (c.Input(0), c.Input(1));
        var (steps, batch, directions, hidden) = (x.Dims[0], x.Dims[1], x.Dims[2], (int)x.Dims[4]);
        var outputs = Enumerable.Range(0, States + 1).Select(c.NewOutput).ToArray();
        for (var line = 0L; line < directions * batch; line++)
        {
            var (d, b) = (line / batch, line % batch);
            var states = new double[States][];
            for (var i = 0; i < States; i++)
            {
                states[i] = [.. Enumerable.Range(0, hidden).Select(v => c.Input(i + 2).GetDouble((line * hidden) + v))];
            }

            var length = HasLengths ? Math.Clamp(c.Input(LengthsInput).GetLong(b), 0, steps) : steps;
            for (var s = 0L; s < length; s++)
            {
                var t = IsReverse[(int)d] ? length - 1 - s : s;
                states = Step((int)d, states,
                    (g, v) => x.GetDouble((((((((t * batch) + b) * directions) + d) * Gates) + g) * hidden) + v),
                    (vector, g, v) => Enumerable.Range(0, hidden).Sum(k =>
                        vector[k] * r.GetDouble(RowMajor.Position([d, v / BlockUnits, k, g, v % BlockUnits], r.Dims))),
                    ExtraRank > 0 ? c.Input(LengthsInput - 1) : null);
                for (var v = 0; v < hidden; v++)
                {
                    outputs[0].SetDouble((((((t * directions) + d) * batch) + b) * hidden) + v, states[0][v]);
                }
            }

            for (var v = 0; v < hidden * States; v++)
            {
                outputs[(v / hidden) + 1].SetDouble((line * hidden) + (v % hidden), states[v / hidden][v % hidden]);
            }
        }
    }

    public void Lower(LoopContext c)
    {
        // One kernel for both directions where they compute the same function; their work items then run side by side.
        var (n, same) = (FunctionsPerDirection, true);
        for (var i = n; i < Functions.Count; i++)
        {
            same &= Functions[i] == Functions[i - n] && Alphas[i].Equals(Alphas[i - n]) && Betas[i].Equals(Betas[i - n]);
        }

        if (same)
        {
            Lower(c, 0, IsReverse.Count);
            return;
        }

        for (var d = 0; d < IsReverse.Count; d++)
        {
            Lower(c, d, 1);
        }
    }

    /// <summary>
    /// The reference of one step: the next states from the states, the projections by (gate, unit), and the product of a vector with the recurrent weights
    /// of (gate, unit).
    /// </summary>
    protected abstract double[][] Step(int direction, double[][] states, Func<int, int, double> x,
        Func<double[], int, int, double> recur, Tensor? extra);

    /// <summary>Writes one step: vector loops that read the states and call <see cref="RecurrentStep.Next"/> for each unit.</summary>
    protected abstract void Step(RecurrentStep step);

    /// <summary>Activation <paramref name="i"/> of a direction, after clipping where that is asked for.</summary>
    protected double Activate(int direction, int i, double x, bool clips = true)
    {
        var f = (direction * FunctionsPerDirection) + i;
        return Functions[f].Apply(clips ? Math.Clamp(x, -Clip, Clip) : x, Alphas[f], Betas[f]);
    }

    /// <inheritdoc cref="Activate(int, int, double, bool)"/>
    protected Expr Activate(RecurrentStep step, int i, Expr x, bool clips = true)
    {
        var f = (step.FirstDirection * FunctionsPerDirection) + i;
        if (clips && double.IsFinite(Clip))
        {
            x = ExprFactory.Max(ExprFactory.Min(x, ExprFactory.Float(Clip, x.Type)), ExprFactory.Float(-Clip, x.Type));
        }

        return Functions[f].Apply(x, Alphas[f], Betas[f]);
    }

    /// <inheritdoc cref="Activate(int, int, double, bool)"/>
    internal Value Activate(OpWriter w, int direction, int i, Value x, bool clips = true)
    {
        var f = (direction * FunctionsPerDirection) + i;
        if (clips && double.IsFinite(Clip))
        {
            x = w.Emit(new Max(), w.Emit(new Min(), x, w.Scalar(x.Type.Element, Clip)), w.Scalar(x.Type.Element, -Clip));
        }

        return Functions[f].Apply(w, x, Alphas[f], Betas[f]);
    }

    public sealed override Value[]? Decompose(OpWriter writer, IReadOnlyList<Value> inputs) => new RecurrentLoop(writer, this, inputs, States).Write();

    /// <summary>The length of each sequence among the inputs; null where all are as long as the time axis.</summary>
    internal Value? LengthsOf(IReadOnlyList<Value> inputs) => HasLengths ? inputs[LengthsInput] : null;

    /// <summary>The input of <see cref="ExtraRank"/>; null where there is none.</summary>
    internal Value? ExtraOf(IReadOnlyList<Value> inputs) => ExtraRank > 0 ? inputs[LengthsInput - 1] : null;

    /// <summary>One step as operators: the next states <c>[B, H]</c> from those before.</summary>
    internal abstract Value[] Step(RecurrentLoop.Step step);

    private static void RequireShape(InferContext c, int input, Shape expected)
    {
        c.ExpectRank(input, expected.Rank);
        c.ExpectSameElement(0, input);
        for (var axis = 0; axis < expected.Rank; axis++)
        {
            c.RequireEqual(c.Input(input).Shape[axis], expected[axis], $"dims of input {input}");
        }
    }

    private void Lower(LoopContext c, int firstDirection, int directions)
    {
        var x = c.InputType(0).Shape;
        var batch = x[1];

        // Sequences of one length go in blocks, as many as their sums fit the vector registers; what is left over goes one by one.
        // On a GPU a block takes one, its threads the units.
        var rows = HasLengths || batch.Is(1) || c.Machine.Gpu is not null ? 1 : Math.Clamp((c.Machine.VectorRegisters - 8) / Gates, 1, 4);
        var k = c.NewKernel(Name.ToLowerInvariant());
        k.ThreadsPerItem = c.Machine.Gpu is null ? 1 : x[4] is { IsConstant: true, Constant: > GpuModel.BlockThreads } ? 2 * GpuModel.BlockThreads : GpuModel.BlockThreads;
        var kernel = new RecurrentKernel(
            new RecurrentStep(c, k, States, Gates, firstDirection, ExtraRank > 0 ? LengthsInput - 1 : null),
            [.. Enumerable.Range(2, States).Select(i => c.Input(k, i))], HasLengths ? c.Input(k, LengthsInput) : null, c.Output(k, 0),
            [.. Enumerable.Range(1, States).Select(i => c.Output(k, i))]);
        k.Parallel(batch.CeilDiv(rows) * directions, item =>
        {
            var (local, block) = c.Math.DivMod(item, batch.CeilDiv(rows));
            local = k.Let(local);
            var first = k.Let(block * rows);
            if (rows == 1)
            {
                WriteRows(kernel, x, local, first, 1, firstDirection, directions);
                return;
            }

            var end = k.Let(ExprFactory.Min(first + rows, ExprFactory.Dim(batch)));
            k.If(ExprFactory.Equal(end, first + rows), () => WriteRows(kernel, x, local, first, rows, firstDirection, directions),
                () => k.Serial(first, end, row => WriteRows(kernel, x, local, row, 1, firstDirection, directions), "row"));
        });
        c.Launch(k, x[0] * x[4] * x[4] * (Gates * rows));
    }

    /// <summary>Writes the recurrence of some rows from <paramref name="first"/> on: all steps.</summary>
    private void WriteRows(RecurrentKernel kernel, Shape x, Expr local, Expr first, int rows, int firstDirection, int directions)
    {
        var (step, k) = (kernel.Step, kernel.Step.Kernel);
        var (steps, batch, hidden) = (ExprFactory.Dim(x[0]), ExprFactory.Dim(x[1]), ExprFactory.Dim(x[4]));
        var d = k.Let(local + firstDirection);
        Expr Line(int row) => ((d * batch) + first + row) * hidden;
        Expr To(Expr t, int row) => (((((t * IsReverse.Count) + d) * batch) + first + row) * hidden);
        void ForEach(Action<int, Expr> body) => k.Vector(hidden, v =>
        {
            for (var row = 0; row < rows; row++)
            {
                body(row, v);
            }
        });

        step.Begin(d, rows);
        ForEach((row, v) =>
        {
            for (var i = 0; i < States; i++)
            {
                k.Store(step.State(i), step.At(row, v), step.Widen(ExprFactory.Load(kernel.Initial[i], Line(row) + v)));
            }
        });
        step.Meet();
        var length = steps;
        if (kernel.Lengths is not null)
        {
            length = k.Let(ExprFactory.Max(ExprFactory.Min(ExprFactory.Load(kernel.Lengths, first), steps), ExprFactory.Int(0)), "length");
        }

        k.Serial(length, s =>
        {
            var t = k.Let(Time(s, length, local, firstDirection, directions), "time");
            step.Time(row => ((((t * batch) + first + row) * IsReverse.Count) + d) * Gates * hidden);
            Step(step);
            ForEach((row, v) => k.Store(kernel.Y, To(t, row) + v, step.Narrow(k.Let(step.Advance(row, v)))));
            step.Meet();
        });
        if (kernel.Lengths is not null)
        {
            k.Serial(length, steps, t => ForEach((row, v) => k.Store(kernel.Y, To(t, row) + v, ExprFactory.Literal(0, kernel.Y.Type))));
        }

        ForEach((row, v) =>
        {
            for (var i = 0; i < States; i++)
            {
                k.Store(kernel.Last[i], Line(row) + v, step.Narrow(ExprFactory.Load(step.State(i), step.At(row, v))));
            }
        });
    }

    /// <summary>The time of a step, which runs backwards in reverse directions.</summary>
    private Expr Time(Expr s, Expr length, Expr local, int firstDirection, int directions)
    {
        var backwards = length - 1 - s;
        var time = IsReverse[firstDirection] ? backwards : s;
        for (var i = 1; i < directions; i++)
        {
            time = ExprFactory.Select(ExprFactory.Equal(local, ExprFactory.Int(i)), IsReverse[firstDirection + i] ? backwards : s, time);
        }

        return time;
    }

    /// <summary>The buffers of a kernel.</summary>
    private sealed record RecurrentKernel(RecurrentStep Step, KernelBuffer[] Initial, KernelBuffer? Lengths, KernelBuffer Y, KernelBuffer[] Last);
}
