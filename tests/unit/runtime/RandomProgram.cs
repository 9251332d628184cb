using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Random steps with branches, loops and dims from data and, beside each, what it means on a table of arrays by value id.</summary>
internal sealed class RandomProgram(int seed)
{
    private readonly Random _random = new(seed);
    private readonly TestModel _model = new();
    private readonly List<Action<float[][]>> _reference = [];
    private readonly List<int> _outputs = [];
    private int _x;
    private int _n;
    private int _limit;
    private int _valueCount;

    // A value and the slot of its only axis.
    private readonly record struct Item(int Value, int Slot);

    public CompiledModel Build()
    {
        int n = _n = _model.Slot("n");
        _x = Count(_model.Input("x", ScalarType.F32, InputAxis.Bind(n, "n")));
        _limit = _model.Const(4);
        var visible = new List<Item> { new(_x, n) };
        Emit(visible, _model.Main, _reference, 0, 14);
        for (int o = 0; o < 2; o++)
        {
            var from = Pick(visible);
            int to = Count(_model.Output($"y{o}", ScalarType.F32, from.Slot));
            _outputs.Add(to);
            _model.Main.Add(new CopyStep { Source = from.Value, Destination = to });
            _reference.Add(t => t[to] = [.. t[from.Value]]);
        }

        for (int i = 0; i < 3; i++)
        {
            _model.Orders.Add(Reordered());
        }

        return _model.Load();
    }

    /// <summary>Another order of the main program: neighbours that have nothing to do with each other change places.</summary>
    private int[] Reordered()
    {
        int[] order = [.. Enumerable.Range(0, _model.Main.Count)];
        for (int swaps = 0; swaps < 4 * order.Length; swaps++)
        {
            int at = _random.Next(order.Length - 1);
            if (_model.Main[order[at]] is LaunchStep a && _model.Main[order[at + 1]] is LaunchStep b
                && !a.Buffers.Contains(b.Buffers[^1]) && !b.Buffers.Contains(a.Buffers[^1]))
            {
                (order[at], order[at + 1]) = (order[at + 1], order[at]);
            }
        }

        return order;
    }

    public float[][] Reference(float[] x)
    {
        var table = new float[_valueCount][];
        table[_x] = x;
        _reference.ForEach(step => step(table));
        return [.. _outputs.Select(o => table[o])];
    }

    private int Count(int value)
    {
        _valueCount = Math.Max(_valueCount, value + 1);
        return value;
    }

    private int Temp(ScalarType type, params int[] dims) => Count(_model.Temp(type, dims));

    private Item Pick(List<Item> visible) => visible[_random.Next(3) == 0 ? _random.Next(visible.Count) : Math.Max(0, visible.Count - 1 - _random.Next(3))];

    private void Emit(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference, int depth, int count)
    {
        for (int i = 0; i < count; i++)
        {
            switch (_random.Next(depth < 2 ? 9 : 6))
            {
                case 5:
                    EmitCompact(visible, steps, reference);
                    break;
                case 6 or 7:
                    EmitLoop(visible, steps, reference, depth);
                    break;
                case 8:
                    EmitIf(visible, steps, reference, depth);
                    break;
                case 3 or 4:
                    EmitAdd(visible, steps, reference);
                    break;
                case 2 when _random.Next(3) == 0:
                    EmitScratch(visible, steps, reference);
                    break;
                default:
                    var from = Pick(visible);
                    int to = Temp(ScalarType.F32, from.Slot);
                    steps.Add(TestModel.Launch(TestKernels.AddOne, [from.Value, to], [], from.Slot, inPlace: [new(0, 1)]));
                    reference.Add(t => t[to] = [.. t[from.Value].Select(v => v + 1)]);
                    visible.Add(new(to, from.Slot));
                    break;
            }
        }
    }

    private void EmitAdd(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference)
    {
        var a = Pick(visible);
        var fits = visible.Where(i => i.Slot == a.Slot).ToList();
        var b = fits[_random.Next(fits.Count)];
        int to = Temp(ScalarType.F32, a.Slot);
        steps.Add(TestModel.Launch(TestKernels.Add, [a.Value, b.Value, to], [], a.Slot));
        reference.Add(t => t[to] = [.. t[a.Value].Zip(t[b.Value], (x, y) => x + y)]);
        visible.Add(new(to, a.Slot));
    }

    private void EmitScratch(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference)
    {
        var from = Pick(visible);
        int to = Temp(ScalarType.F32, from.Slot);
        steps.Add(TestModel.Launch(TestKernels.UseScratch, [to], [from.Slot], from.Slot, scratch: from.Slot));
        reference.Add(t => t[to] = [.. t[from.Value].Select((_, i) => (float)(i % 256 * t[from.Value].Length))]);
        visible.Add(new(to, from.Slot));
    }

    private void EmitCompact(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference)
    {
        var from = Pick(visible);
        int count = Temp(ScalarType.I64);
        int slot = _model.Slot($"count of {from.Value}");
        int to = Temp(ScalarType.F32, slot);
        steps.Add(TestModel.Launch(TestKernels.CountPositive, [from.Value, count], [from.Slot]));
        steps.Add(new BindSlotStep { Slot = slot, Value = count });
        steps.Add(TestModel.Launch(TestKernels.Compact, [from.Value, to], [from.Slot]));
        reference.Add(t => t[to] = [.. t[from.Value].Where(v => v > 0)]);
        visible.Add(new(to, slot));
    }

    private void EmitIf(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference, int depth)
    {
        var tested = Pick(visible);
        int flag = Temp(ScalarType.Bool);
        steps.Add(TestModel.Launch(TestKernels.SumLess, [tested.Value, flag], [tested.Slot, _limit]));
        var (then, thenSteps, thenRef) = Branch(visible, depth);
        var (otherwise, elseSteps, elseRef) = Branch(visible, depth);
        int slot = _model.Slot("result");
        int output = Temp(ScalarType.F32, slot);
        var a = Pick(then);
        var b = Pick(otherwise);
        _model.Define(thenSteps.Program, "then", [.. thenSteps.Steps]);
        _model.Define(elseSteps.Program, "else", [.. elseSteps.Steps]);
        steps.Add(new IfStep
        {
            Condition = flag,
            ThenProgram = thenSteps.Program,
            ElseProgram = elseSteps.Program,
            Results = [new BranchResult { ThenValue = a.Value, ElseValue = b.Value, Output = output, OutputSlots = [slot] }],
        });
        reference.Add(t =>
        {
            bool taken = t[tested.Value].Sum(v => (double)v) < 4;
            (taken ? thenRef : elseRef).ForEach(step => step(t));
            t[output] = [.. t[taken ? a.Value : b.Value]];
        });
        visible.Add(new(output, slot));
    }

    private (List<Item> Visible, (int Program, List<Step> Steps) Steps, List<Action<float[][]>> Reference) Branch(List<Item> visible, int depth)
    {
        var inner = new List<Item>(visible);
        int program = _model.Reserve();
        var steps = new List<Step>();
        var reference = new List<Action<float[][]>>();
        Emit(inner, steps, reference, depth + 1, _random.Next(5));
        return (inner, (program, steps), reference);
    }

    private void EmitLoop(List<Item> visible, List<Step> steps, List<Action<float[][]>> reference, int depth)
    {
        int trips = _random.Next(4);
        int program = _model.Reserve();
        var inner = new List<Item>(visible);
        var body = new List<Step>();
        var bodyReference = new List<Action<float[][]>>();
        var fixedStart = Pick(visible);
        var growing = Pick(visible);
        int fixedIn = Temp(ScalarType.F32, fixedStart.Slot);
        int slotIn = _model.Slot("current");
        int growingIn = Temp(ScalarType.F32, slotIn);
        inner.Add(new(fixedIn, fixedStart.Slot));
        inner.Add(new(growingIn, slotIn));
        Emit(inner, body, bodyReference, depth + 1, _random.Next(6));
        var growth = new BindPoint();
        if (_random.Next(3) == 0)
        {
            // What it carries grows by the input.
            int sum = _model.Slot("grown");
            int grown = Temp(ScalarType.F32, sum);
            growth = new BindPoint { Instructions = [new ShapeInstruction(ShapeOp.Add, sum, slotIn, _n)] };
            body.Add(TestModel.Launch(TestKernels.Concat, [growingIn, _x, grown], [slotIn, _n]));
            bodyReference.Add(t => t[grown] = [.. t[growingIn], .. t[_x]]);
            inner.Add(new(grown, sum));
        }

        var fits = inner.Where(i => i.Slot == fixedStart.Slot).ToList();
        var fixedOut = fits[_random.Next(fits.Count)];
        var growingOut = Pick(inner);
        int slotFinal = _model.Slot("final");

        // Collected without knowing how often.
        var scanned = fits[_random.Next(fits.Count)];
        int slotTrips = _model.Slot("ran");
        int slotLength = _model.Slot("length");
        int slotFlat = _model.Slot("collected");
        int collected = Temp(ScalarType.F32, slotTrips, slotLength);
        int flat = Count(_model.Alias(collected, -1, ScalarType.F32, slotFlat));
        int fixedFinal = Temp(ScalarType.F32, fixedStart.Slot);
        int growingFinal = Temp(ScalarType.F32, slotFinal);
        _model.Define(program, "body", [.. body]);
        steps.Add(new LoopStep
        {
            Body = program,
            TripCountSlot = _model.Const(trips),
            BodyEntry = growth,
            Exit = new BindPoint { Instructions = [new ShapeInstruction(ShapeOp.Mul, slotFlat, slotTrips, slotLength)] },
            ScanOutputs = [new ScanOutput { BodyOut = scanned.Value, Final = collected, FinalSlots = [slotTrips, slotLength] }],
            Carried =
            [
                new CarriedValue
                {
                    Initial = fixedStart.Value, BodyIn = fixedIn, BodyOut = fixedOut.Value, Final = fixedFinal, BodyInSlots = [-1], FinalSlots = [-1],
                },
                new CarriedValue
                {
                    Initial = growing.Value, BodyIn = growingIn, BodyOut = growingOut.Value, Final = growingFinal, BodyInSlots = [slotIn], FinalSlots = [slotFinal],
                },
            ],
        });
        reference.Add(t =>
        {
            var (first, second) = (t[fixedStart.Value], t[growing.Value]);
            var slices = new List<float>();
            for (int i = 0; i < trips; i++)
            {
                (t[fixedIn], t[growingIn]) = (first, second);
                bodyReference.ForEach(step => step(t));
                slices.AddRange(t[scanned.Value]);
                (first, second) = (t[fixedOut.Value], t[growingOut.Value]);
            }

            t[flat] = [.. slices];

            (t[fixedFinal], t[growingFinal]) = (first, second);
        });
        visible.Add(new(fixedFinal, fixedStart.Slot));
        visible.Add(new(growingFinal, slotFinal));
        visible.Add(new(flat, slotFlat));
    }
}
