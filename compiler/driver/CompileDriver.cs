using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Dlc.Codegen;
using Dlc.Codegen.Ptx;
using Dlc.Compiler.Emit;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Lowering;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using LaunchStep = Dlc.IR.Kernels.LaunchStep;

namespace Dlc.Compiler.Driver;

/// <summary>Takes a model all the way: import, passes, lowering, code, executable. Each stage is timed and named in errors.</summary>
internal sealed class CompileDriver
{
    /// <summary>Expressions of a long fused chain nest deeply and are walked by recursion.</summary>
    private const int StackBytes = 256 << 20;

    private readonly CompileOptions _options;
    private readonly CompileTarget _target;
    private readonly List<StageTime> _stages = [];

    private CompileDriver(CompileOptions options)
    {
        _options = options;
        _target = TargetName.Parse(options.Target);
    }

    /// <summary>Compiles what <paramref name="import"/> gives.</summary>
    public static Compilation Run(Func<Module> import, CompileOptions options) => OnLargeStack(() =>
    {
        try
        {
            return new CompileDriver(options).Compile(import);
        }
        catch (InternalCompilerException e) when (options.DumpDirectory is { } directory)
        {
            // Part of the reproducer.
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, "bug.txt"), e.ToString());
            throw;
        }
    });

    /// <summary>Imports and runs the passes up to one of them (all if null); returns the module with the graph at that point.</summary>
    public static Module RunPasses(Func<Module> import, CompileOptions options, string? after) => OnLargeStack(() =>
    {
        var driver = new CompileDriver(options);
        var module = driver.Stage(CompileStages.Import, import);
        driver.RunPasses(module, Pipeline.Create(), after);
        return module;
    });

    private Compilation Compile(Func<Module> import)
    {
        var module = Stage(CompileStages.Import, import);
        var operatorsIn = CountOperators(module.Main);
        var operatorsOut = 0;
        var passes = Stage(CompileStages.Passes, () =>
        {
            var manager = RunPasses(module, [Pipeline.Simplify()], null);
            operatorsOut = CountOperators(module.Main);
            manager.Run(module, _options.KeepOrder
                ? [Pipeline.Fuse(keepsResults: true), Pipeline.Rematerialize()] : [Pipeline.Fuse(), Pipeline.Schedule(), Pipeline.Rematerialize()]);
            return manager;
        });
        var program = Stage(CompileStages.Lower, () => Lowering.Run(module.Main, _target.Machine));
        var launches = ExecutableEmitter.ProgramsOf(program).SelectMany(p => p.Steps).OfType<LaunchStep>().ToList();
        List<Kernel> kernels = [.. launches.SelectMany(l => l.Alternatives.Select(a => a.Kernel).Prepend(l.Kernel)).DistinctBy(k => k.StructuralKey)];
        Dump("lower", () => LoweredText.Print(program));
        var forAllSizes = launches.Select(l => l.Kernel.StructuralKey).ToHashSet(StringComparer.Ordinal);
        var code = Stage(CompileStages.Code, () => CompileKernels(kernels, forAllSizes));
        _options.Counter?.Count(kernels.Count);
        var executable = Stage(CompileStages.Emit, () => ExecutableEmitter.Emit(module, program, code, _target.Info));
        if (_options.MemoryLimit is { } limit)
        {
            executable = executable.WithProperty(ExecutableModel.MemoryLimitProperty, limit.ToString(CultureInfo.InvariantCulture));
        }

        var report = new CompileReport
        {
            Model = module.Name,
            Target = _target.Name,
            OperatorsIn = operatorsIn,
            OperatorsOut = operatorsOut,
            FusedKernels = AllNodes(module.Main).Count(n => n.Op is Fused),
            Launches = launches.Count,
            DistinctKernels = kernels.Count,
            Symbols = module.Main.Inputs.SelectMany(i => i.Type.Shape.Dims).SelectMany(SymbolSet.Of)
                .Concat(AllNodes(module.Main).Select(n => n.Op).OfType<BindDim>().Select(b => b.Symbol)).Distinct().Count(),
            Guards = CountGuards(executable),
            ConstantBytes = executable.Constants.Sum(c => c.Length),
            CodeBytes = executable.Code.Length,
            Stages = _stages,
            Passes = passes.Times,
        };
        return new Compilation(executable, report, module, program);
    }

    private PassManager RunPasses(Module module, IEnumerable<PassGroup> groups, string? after)
    {
        var manager = new PassManager(new PassContext(_target.Machine) { MarksEvictions = _options.MarksEvictions || _options.MemoryLimit is not null }, new PassManagerOptions
        {
            DumpDirectory = _options.DumpDirectory,
            After = after,
            Progress = pass => _options.Progress?.Invoke(new CompileProgress(CompileStages.Passes, pass)),
        });
        manager.Run(module, groups);
        return manager;
    }

    private KernelCode CompileKernels(List<Kernel> kernels, HashSet<string> forAllSizes)
    {
        var threads = _options.Threads > 0 ? _options.Threads : Environment.ProcessorCount;
        var options = new CodegenOptions
        {
            DumpDirectory = _options.DumpDirectory is { } directory ? Path.Combine(directory, "kernels") : null,
            Progress = (done, total) => _options.Progress?.Invoke(new CompileProgress(CompileStages.Code, null, done, total)),
        };
        return _target.Cpu is { } processor
            ? new CpuKernelCode(kernels, KernelCompiler.Compile(kernels, processor, threads, options))
            : new GpuKernelCode(kernels, PtxCompiler.Compile(kernels, _target.Gpu!, threads, options, k => !forAllSizes.Contains(k.StructuralKey)));
    }

    private T Stage<T>(string name, Func<T> work)
    {
        _options.Progress?.Invoke(new CompileProgress(name));
        var watch = Stopwatch.StartNew();
        try
        {
            return work();
        }
        catch (Exception e) when (e is not DlcException and not DlcRuntimeException and not OutOfMemoryException)
        {
            throw InternalCompilerException.From(name, null, e);
        }
        finally
        {
            _stages.Add(new StageTime(name, watch.Elapsed));
        }
    }

    private void Dump(string name, Func<string> text)
    {
        if (_options.DumpDirectory is { } directory)
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, $"99-{name}.txt"), text());
        }
    }

    /// <summary>All nodes, those in regions of control flow too; the inside of a fused node is not looked at.</summary>
    private static IEnumerable<Node> AllNodes(Graph main)
    {
        var pending = new Stack<Graph>([main]);
        while (pending.TryPop(out var graph))
        {
            foreach (var node in graph.Nodes)
            {
                yield return node;
                if (node.Op is not Fused)
                {
                    foreach (var region in node.Regions)
                    {
                        pending.Push(region);
                    }
                }
            }
        }
    }

    private static int CountOperators(Graph main) => AllNodes(main).Count(n => n.Op is not Constant);

    private static int CountGuards(ExecutableModel model) => model.Entry.Guards.Length + model.Programs.SelectMany(p => p.Steps).Sum(s => s switch
    {
        BindSlotStep bind => bind.Then.Guards.Length,
        Runtime.Format.IfStep branch => branch.Exit.Guards.Length,
        Runtime.Format.LoopStep loop => loop.BodyEntry.Guards.Length + loop.Exit.Guards.Length,
        _ => 0,
    });

    private static T OnLargeStack<T>(Func<T> work)
    {
        var result = default(T);
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = work();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }
}
