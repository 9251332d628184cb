using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Random programs with branches, loops and dims from data, run by the runtime and by a naive model of what steps mean.</summary>
public sealed class RandomProgramTests
{
    [Fact]
    public void Random_programs_compute_what_their_steps_say()
    {
        for (int seed = 0; seed < 600; seed++)
        {
            var program = new RandomProgram(seed);
            using var model = program.Build();
            using var session = model.CreateSession(new SessionOptions { Threads = 1, TrimArenaAfterRuns = 2 });
            using var binding = session.CreateBinding();
            foreach (int n in new[] { 5, 1, 0, 40, 5, 2 })
            {
                var x = Enumerable.Range(0, n).Select(i => (float)((i * 7 + seed) % 11 - 5)).ToArray();
                binding.BindInput("x", x, [n]);
                session.Run(binding);
                var expected = program.Reference(x);
                for (int o = 0; o < expected.Length; o++)
                {
                    Assert.Equal([expected[o].Length], binding.OutputDims(o).ToArray());
                    Assert.True(expected[o].AsSpan().SequenceEqual(binding.Output<float>(o)), $"seed {seed}, n {n}, output {o}: {string.Join(' ', expected[o])} / {string.Join(' ', binding.Output<float>(o).ToArray())}");
                }
            }
        }
    }
}
