using System.Text.Json;
using Dlc.Compiler.Cli;
using Dlc.Runtime;
using Dlc.Tests.Unit.Memory;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Random programs with sizes from data under random limits: decisions in the middle of runs.</summary>
public sealed class RandomLimitTests
{
    [Fact]
    public void Random_programs_stay_within_random_limits_and_keep_their_bits()
    {
        var (planned, anew, refused, done, named, exact) = (0L, 0L, 0, 0, 0, 0);
        for (int seed = 0; seed < 25; seed++)
        {
            var program = new RandomProgram(seed);
            using var model = program.Build();
            var random = new Random(seed);
            foreach (int n in new[] { 300, 1, 0, 100 })
            {
                var x = Enumerable.Range(0, n).Select(i => (float)((i * 7 + seed) % 11 - 5)).ToArray();
                var expected = program.Reference(x);
                var report = model.MemoryFor([[n]], new MemoryQuery { Threads = 1 });
                long outside = report.TotalBytes - report.PeakBytes;
                long most = outside + report.PeakBytes + (random.Next(4) * 4 * n);
                long limit = outside + (long)((most - outside) * random.NextDouble());
                bool isNamed = false;
                bool isDone = false;
                for (int attempt = 0; attempt < 200 && !isDone; attempt++)
                {
                    using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit, TrimArenaAfterRuns = 2 });
                    var (error, plans, _) = RunThrice(session, x, expected, outside, limit, $"seed {seed}, n {n}, limit {limit}");
                    planned += plans;
                    if (error is null)
                    {
                        isDone = true;
                        done++;
                        if (isNamed)
                        {
                            using var roomy = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit * 3 / 2 });
                            anew += RunThrice(roomy, x, expected, outside, limit * 3 / 2, "more").PlannedLast;
                            named++;
                            using var less = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit - 1 });
                            exact += RunThrice(less, x, expected, outside, limit - 1, "less").Error is null ? 0 : 1;
                        }

                        continue;
                    }

                    refused++;
                    long least = long.Parse(error.Message.Split("at least ")[1].Split(' ')[0]);
                    Assert.True(least > limit, $"seed {seed}, n {n}, limit {limit}: {error.Message}");
                    
                    limit = least;
                    isNamed = true;
                }

                Assert.True(isDone, $"seed {seed}, n {n}: never enough");
            }
        }

        Assert.True(planned > 30 && refused > 30 && exact * 2 > named && anew * 20 < planned, $"{planned} plans in runs, {refused} refused, {done} done, {exact} of {named} exact, {anew} plans in third runs");
    }

    [Fact]
    public void One_session_under_a_limit_goes_from_dims_to_dims_in_two_threads()
    {
        var (planned, done, refused) = (0L, 0, 0);
        for (int seed = 500; seed < 530; seed++)
        {
            var program = new RandomProgram(seed);
            using var model = program.Build();
            int[] sizes = [300, 1, 0, 100, 300, 40, 300, 170];
            float[][] inputs = [.. sizes.Select(n => Enumerable.Range(0, n).Select(i => (float)((i * 7 + seed) % 11 - 5)).ToArray())];
            float[][][] expected = [.. inputs.Select(program.Reference)];
            foreach (double part in new[] { 0.6, 1, 2 })
            {
                var report = model.MemoryFor([[300]], new MemoryQuery { Threads = 1 });
                long limit = report.TotalBytes - report.PeakBytes + (long)(part * report.PeakBytes);
                using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit, TrimArenaAfterRuns = 2 });
                Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = 2 }, thread =>
                {
                    using var binding = session.CreateBinding();
                    for (int i = 0; i < sizes.Length; i++)
                    {
                        int which = thread == 0 ? i : sizes.Length - 1 - i;
                        binding.BindInput("x", inputs[which], [sizes[which]]);
                        try
                        {
                            session.Run(binding);
                        }
                        catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
                        {
                            Interlocked.Increment(ref refused);
                            continue;
                        }

                        Interlocked.Increment(ref done);
                        for (int o = 0; o < expected[which].Length; o++)
                        {
                            Assert.True(expected[which][o].AsSpan().SequenceEqual(binding.Output<float>(o)), $"seed {seed}, n {sizes[which]}, limit {limit}, output {o}");
                        }
                    }
                });
                planned += session.PlansMadeInRuns;
                Assert.True(session.LeastSpare >= 0, $"seed {seed}, limit {limit}: {-session.LeastSpare} bytes too many");
            }
        }

        Assert.True(planned > 100 && done > 300 && refused > 100, $"{planned} plans in runs, {done} done, {refused} refused");
    }

    [Fact]
    public void Plans_of_programs_with_branches_and_loops_can_be_replayed()
    {
        int evicted = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            using var model = new RandomProgram(seed).Build();
            var report = model.MemoryFor([[300]], new MemoryQuery { Threads = 1 });
            foreach (double part in new[] { 0.9, 0.7, 0.5, 0.3 })
            {
                long limit = report.TotalBytes - report.PeakBytes + (long)(part * report.PeakBytes);
                try
                {
                    var limited = model.MemoryFor([[300]], new MemoryQuery { Threads = 1, MemoryLimit = limit });
                    using var json = JsonDocument.Parse(MemoryJson.Write([limited]));
                    Assert.Null(PlanChecker.Problem(json.RootElement));
                    Assert.True(limited.TotalBytes <= limit);
                    evicted++;
                }
                catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
                {
                    break;
                }
            }
        }

        Assert.True(evicted > 20, $"{evicted} plans");
    }

    private static (DlcRuntimeException? Error, long Planned, long PlannedLast) RunThrice(Session session, float[] x, float[][] expected, long outside, long limit, string where)
    {
        using var binding = session.CreateBinding();
        binding.BindInput("x", x, [x.Length]);
        long before = 0;
        try
        {
            for (int again = 0; again < 3; again++)
            {
                before = session.PlansMadeInRuns;
                session.Run(binding);
                for (int o = 0; o < expected.Length; o++)
                {
                    Assert.True(expected[o].AsSpan().SequenceEqual(binding.Output<float>(o)), $"{where}, run {again}, output {o}: {session.PlansMadeInRuns} plans");
                }
            }

            return (null, session.PlansMadeInRuns, session.PlansMadeInRuns - before);
        }
        catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
        {
            return (e, session.PlansMadeInRuns, 0);
        }
        finally
        {
            Assert.True(session.MostCounted + outside <= limit, $"{where}: {session.MostCounted + outside} bytes");
        }
    }
}
