using Dlc.Compiler.Emit;
using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Property;

/// <summary>The shape program computes what dims mean, each at the earliest bind point where its symbols are known.</summary>
public sealed class SlotTableTests
{
    [Fact]
    public void Instructions_give_every_dim_its_value()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var generator = new DimGenerator(seed, 4, negative: false);
            var table = new SlotTable(new Facts(generator.Context));
            var points = new[] { table.Open(), table.Open() };
            var slots = new Dictionary<int, long>();

            // The first two symbols are known at entry, the others at a later point, which is open already.
            foreach (var symbol in generator.Symbols)
            {
                slots[table.Define(symbol)] = generator.Binding[symbol];
            }

            var drawn = Enumerable.Range(0, 8).Select(_ => generator.Draw(4)).Where(d => d.Value is not null && generator.Evaluator.TryEvaluate(d.Dim, out long _))
                .Select(d => d.Dim).ToList();
            var numbers = drawn.Select(table.Slot).ToList();
            foreach (var instruction in points.SelectMany(p => p.Instructions))
            {
                Assert.True(slots.TryAdd(instruction.Target, Compute(instruction, slots)), $"seed {seed} defines a slot twice");
            }

            for (var i = 0; i < drawn.Count; i++)
            {
                Assert.Equal(generator.Evaluator.Evaluate(drawn[i]), slots[numbers[i]]);
            }
        }
    }

    [Fact]
    public void A_dim_is_computed_at_the_earliest_point_and_forgotten_when_that_closes()
    {
        var context = new DimContext();
        var (a, b) = (context.Symbol("a"), context.Symbol("b"));
        var table = new SlotTable(new Facts(context));
        var entry = table.Open();
        table.Define(a);
        var inner = table.Open();
        table.Define(b);
        var outside = table.Slot(a * 2);
        table.Slot((a * b) + 1);
        Assert.Contains(entry.Instructions, i => i.Target == outside);
        Assert.Contains(inner.Instructions, i => i.Op == ShapeOp.Mul);
        table.CloseTo(1);
        Assert.False(table.CanCompute(b));
        Assert.Equal(outside, table.Slot(a * 2));
    }

    [Fact]
    public void Nothing_is_computed_below_the_floor()
    {
        var context = new DimContext();
        var a = context.Symbol("a");
        var table = new SlotTable(new Facts(context));
        var entry = table.Open();
        table.Define(a);
        var branch = table.Open();
        table.Floor = 1;
        var slot = table.Slot(context.Const(100).FloorDiv(a));
        Assert.Contains(branch.Instructions, i => i.Target == slot);
        Assert.DoesNotContain(entry.Instructions, i => i.Op == ShapeOp.FloorDiv);
    }

    [Fact]
    public void An_unbound_symbol_is_computed_from_what_the_facts_say_of_it()
    {
        var context = new DimContext();
        var (a, b) = (context.Symbol("a"), context.Symbol("b"));
        var facts = new Facts(context);
        facts.Assume(a * 2, Relation.Equal, b + 1, "test");
        var table = new SlotTable(facts);
        var entry = table.Open();
        var slots = new Dictionary<int, long> { [table.Define(a)] = 21 };
        var slot = table.Slot(b);
        entry.Instructions.ForEach(i => slots[i.Target] = Compute(i, slots));
        Assert.Equal(41, slots[slot]);
    }

    private static long Compute(ShapeInstruction i, Dictionary<int, long> slots)
    {
        long A() => slots[i.A];
        long B() => slots[i.B];
        return i.Op switch
        {
            ShapeOp.Const => i.Immediate,
            ShapeOp.Move => A(),
            ShapeOp.Add => checked(A() + B()),
            ShapeOp.Sub => checked(A() - B()),
            ShapeOp.Mul => checked(A() * B()),
            ShapeOp.FloorDiv => IntegerMath.FloorDiv(A(), B()),
            ShapeOp.Min => Math.Min(A(), B()),
            ShapeOp.Max => Math.Max(A(), B()),
            _ => throw new InvalidOperationException($"{i.Op} is not emitted"),
        };
    }
}
