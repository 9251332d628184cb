using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Passes.Training;
using Xunit;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>Training steps on the reference evaluator against the same rules written on arrays.</summary>
public sealed class OptimizerTests
{
    private const int Width = 4;

    private static readonly double[] Start = [0.5, -1.5, 2, 0.25];

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.9, 0, false)]
    [InlineData(0.9, 0.1, false)]
    [InlineData(0.8, 0.1, true)]
    public void Sgd_moves_as_its_rule_says(double momentum, double decay, bool nesterov)
    {
        var velocity = new double[Width];
        var first = true;
        Check(new TrainingStepOptions { Optimizer = new Sgd { Momentum = momentum, WeightDecay = decay, Nesterov = nesterov } }, (p, g, rate) =>
        {
            for (var i = 0; i < Width; i++)
            {
                var d = g[i] + (decay * p[i]);
                velocity[i] = first ? d : (momentum * velocity[i]) + d;
                p[i] -= rate * (nesterov ? d + (momentum * velocity[i]) : momentum == 0 ? d : velocity[i]);
            }

            first = false;
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    public void AdamW_moves_as_its_rule_says(double decay)
    {
        var (mean, square, count) = (new double[Width], new double[Width], 0);
        Check(new TrainingStepOptions { Optimizer = new AdamW { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = decay } },
            (p, g, rate) => Adam(p, g, rate, mean, square, ++count, decay));
    }

    [Fact]
    public void Gradients_are_clipped_to_their_norm()
    {
        Check(new TrainingStepOptions { Optimizer = new Sgd(), ClipNorm = 0.5 }, (p, g, rate) =>
        {
            var norm = Math.Sqrt(g.Sum(x => x * x));
            for (var i = 0; i < Width; i++)
            {
                p[i] -= rate * g[i] * Math.Min(1, 0.5 / (norm + 1e-6));
            }
        }, 1e-6);
    }

    [Fact]
    public void Gradients_of_several_batches_are_averaged_before_the_parameters_move()
    {
        var (mean, square, count, sum, batches) = (new double[Width], new double[Width], 0, new double[Width], 0);
        Check(new TrainingStepOptions { Optimizer = new AdamW { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = 0 }, AccumulationSteps = 3 }, (p, g, rate) =>
        {
            sum = [.. sum.Zip(g, (a, b) => a + b)];
            if (++batches % 3 == 0)
            {
                Adam(p, [.. sum.Select(s => s / 3)], rate, mean, square, ++count, 0);
                sum = new double[Width];
            }
        });
    }

    [Fact]
    public void A_parameter_in_halves_moves_by_its_master_copy()
    {
        var (module, p, step) = Build(ElementType.BFloat16, new TrainingStepOptions { Optimizer = new Sgd() });
        Assert.Equal(["p", "optimizer.step", "optimizer.p.master"], step.States.Select(s => s.Name));
        Assert.Same(p, step.States[2].Parameter);
        var states = step.States.Select(s => Initial(s)).ToArray();
        for (var i = 0; i < 100; i++)
        {
            // A step of 1e-4 of the value: lost in bf16, kept in f32.
            states = Run(module, step, states, [1, 1, 1, 1], 1e-5);
        }

        Assert.True(states[2].GetDouble(2) < 1.9999 && states[2].GetDouble(2) > 1.9, $"{states[2].GetDouble(2)}");
        Assert.Equal(ElementType.BFloat16, states[0].Element);
        Assert.Equal(states[2].GetDouble(1), states[0].GetDouble(1), 1e-2);
    }

    [Fact]
    public void Parameters_that_the_loss_does_not_reach_are_refused()
    {
        var module = new Module("test") { OutputNames = ["loss"] };
        var graph = new GraphBuilder(module);
        var (p, q) = (graph.Input(new TensorType(ElementType.Float32, []), "p"), graph.Input(new TensorType(ElementType.Float32, []), "q"));
        module.Main = graph.Build([graph.Add(new Exp(), [p])]);
        var error = Assert.Throws<DlcException>(() => TrainingStep.Build(module, 0, [p, q], new TrainingStepOptions()));
        Assert.Contains("'q'", error.Message, StringComparison.Ordinal);
    }

    private static void Adam(double[] p, double[] g, double rate, double[] mean, double[] square, int count, double decay)
    {
        for (var i = 0; i < Width; i++)
        {
            mean[i] = (0.8 * mean[i]) + (0.2 * g[i]);
            square[i] = (0.95 * square[i]) + (0.05 * g[i] * g[i]);
            var (m, v) = (mean[i] / (1 - Math.Pow(0.8, count)), square[i] / (1 - Math.Pow(0.95, count)));
            p[i] = (p[i] * (1 - (rate * decay))) - (rate * m / (Math.Sqrt(v) + 1e-6));
        }
    }

    /// <summary>Trains <c>sum(x * p^2 / 2)</c>, whose gradient is x*p, for a few steps of varying x and rate.</summary>
    private static void Check(TrainingStepOptions options, Action<double[], double[], double> rule, double tolerance = 1e-9)
    {
        var (module, _, step) = Build(ElementType.Float64, options);
        var (states, expected) = (step.States.Select(Initial).ToArray(), (double[])Start.Clone());
        for (var i = 0; i < 7; i++)
        {
            // Exact in f32, as the rate is an f32 input.
            var (x, rate) = (new double[] { 1, 2 - i, 0.5, i }, 0.125 / (1 << (i % 3)));
            rule(expected, [.. x.Zip(expected, (a, b) => a * b)], rate);
            states = Run(module, step, states, x, rate);
            for (var n = 0; n < Width; n++)
            {
                Assert.Equal(expected[n], states[0].GetDouble(n), tolerance);
            }
        }
    }

    private static (Module Module, Value Parameter, TrainingStep Step) Build(ElementType element, TrainingStepOptions options)
    {
        var module = new Module("test") { OutputNames = ["loss"] };
        var writer = new OpWriter(new GraphBuilder(module), []);
        var type = new TensorType(element, Shape.Of(module.Dims, Width));
        var (x, p) = (writer.Builder.Input(type, "x"), writer.Builder.Input(type, "p"));
        module.Main = writer.Builder.Build([writer.Total(writer.Times(writer.Times(x, writer.Square(p)), 0.5))]);
        var step = TrainingStep.Build(module, 0, [p], options);
        Verifier.Verify(module.Main);
        return (module, p, step);
    }

    private static Tensor Initial(TrainingState state)
    {
        var tensor = new Tensor(state.Input.Type.Element, state.Input.Type.Shape.ToNumbers());
        for (var i = 0L; state.Parameter is not null && i < tensor.Count; i++)
        {
            tensor.SetDouble(i, Start[i]);
        }

        return tensor;
    }

    private static Tensor[] Run(Module module, TrainingStep step, Tensor[] states, double[] x, double rate)
    {
        var batch = new Tensor(module.Main.Inputs[0].Type.Element, Width);
        for (var i = 0; i < Width; i++)
        {
            batch.SetDouble(i, x[i]);
        }

        var inputs = module.Main.Inputs.Select(input => input.Name == "x" ? batch
            : input.Name == TrainingStep.LearningRate ? Tensor.Scalar(ElementType.Float32, rate)
            : states[step.States.ToList().FindIndex(s => s.Input == input)]).ToArray();
        var outputs = new GraphEvaluator(module).Run(inputs);
        return [.. step.States.Select(s => outputs[s.Output])];
    }
}
