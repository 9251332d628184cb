using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Loops under a limit whose values grow from one iteration to the next.</summary>
public sealed class GrowingLoopTests
{
    private const int Trips = 300;

    /// <summary>y = x, x, x, ...; beside the loop a value of the input's size waits for its end.</summary>
    [Fact]
    public void A_value_that_grows_in_each_iteration_does_not_cause_a_plan_in_each()
    {
        using var model = Model();
        var x = Enumerable.Range(0, 100).Select(i => (float)i).ToArray();
        long least = 1;
        while (true)
        {
            using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = least });
            using var binding = session.CreateBinding();
            binding.BindInput("x", x, [x.Length]);
            try
            {
                session.Run(binding);
                var y = binding.Output<float>("y");
                Assert.Equal(x.Length * (Trips + 1), y.Length);
                for (int i = 0; i < y.Length; i++)
                {
                    Assert.Equal(i % x.Length, y[i]);
                }

                Assert.Equal([.. x.Select(v => v + 1)], binding.Output<float>("waiting").ToArray());
                Assert.True(session.LeastSpare >= 0);
                Assert.True(session.PlansMadeInRuns is > 0 and < Trips / 4, $"{session.PlansMadeInRuns} plans");
                break;
            }
            catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
            {
                // As large steps as there are, so that few runs are refused.
                least = Math.Max(long.Parse(e.Message.Split("at least ")[1].Split(' ')[0]), least * 9 / 8);
            }
        }
    }

    private static CompiledModel Model()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int current = m.Slot("current");
        int next = m.Slot("next");
        int final = m.Slot("final");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int waiting = m.Temp(ScalarType.F32, n);
        int inside = m.Temp(ScalarType.F32, current);
        int grown = m.Temp(ScalarType.F32, next);
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [x, waiting], [], n));
        m.Main.Add(new LoopStep
        {
            Body = m.Program("body", TestModel.Launch(TestKernels.Concat, [inside, x, grown], [current, n])),
            TripCountSlot = m.Const(Trips),
            BodyEntry = new BindPoint { Instructions = [new ShapeInstruction(ShapeOp.Add, next, current, n)] },
            Carried =
            [
                new CarriedValue { Initial = x, BodyIn = inside, BodyOut = grown, Final = m.Output("y", ScalarType.F32, final), BodyInSlots = [current], FinalSlots = [final] },
            ],
        });
        m.Main.Add(new CopyStep { Source = waiting, Destination = m.Output("waiting", ScalarType.F32, n) });
        return m.Load();
    }
}
