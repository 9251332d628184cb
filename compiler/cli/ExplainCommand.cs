using System.CommandLine;
using Dlc.Compiler.Emit;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc explain</c>: symbols, facts and where each came from, guards, kernels.</summary>
internal static class ExplainCommand
{
    private const int ShownLaunches = 3;
    private const int ShownOrigins = 6;

    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: false);
        var (target, dims, threads) = (CommonOptions.Target(), CommonOptions.Dim(), CommonOptions.Threads());
        var command = new Command("explain", "List the symbols, facts, guards and kernels of a model") { model, target, dims, threads };
        command.SetAction(parsed =>
        {
            var options = new CompileOptions
            {
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dims) ?? [],
                Threads = parsed.GetValue(threads),
            };
            var path = ModelLoader.RequireOnnx(parsed.GetRequiredValue(model), "explain");
            Print(ProgressDisplay.Run(options, watched => DlcCompiler.Build(path, watched)), parsed.InvocationConfiguration.Output);
            return ExitCodes.Good;
        });
        return command;
    }

    private static void Print(Compilation compilation, TextWriter output)
    {
        var module = compilation.Module;
        output.WriteLine("inputs and outputs");
        foreach (var input in module.Main.Inputs)
        {
            output.WriteLine($"  {input.Name}: {input.Type}");
        }

        for (var i = 0; i < module.Main.Outputs.Length; i++)
        {
            output.WriteLine($"  gives {module.OutputNames[i]}: {module.Main.Outputs[i].Type}");
        }

        output.WriteLine("symbols");
        foreach (var symbol in module.Dims.Symbols)
        {
            var range = module.Facts.Range(symbol);
            var equal = module.Facts.Simplify(symbol);
            output.Write($"  {symbol}: {Bound(range.Minimum)}..{Bound(range.Maximum)}");
            var likely = module.Facts.Likely(symbol);
            output.Write(likely.Count == 0 ? "" : $", likely {string.Join(" or ", likely)}");
            output.WriteLine(ReferenceEquals(equal, symbol) ? "" : $", equal to {equal}");
        }

        output.WriteLine("facts");
        foreach (var fact in module.Facts.All)
        {
            output.WriteLine($"  {GuardPlacer.Describe(new Guard(fact.Left, fact.Relation, fact.Right, fact.Source))}  (from {fact.Source})");
        }

        output.WriteLine("guards, checked at run time");
        foreach (var guard in module.Facts.Guards)
        {
            output.WriteLine($"  {GuardPlacer.Describe(guard)}  (for {guard.Reason})");
        }

        PrintKernels(compilation.Program, output);
    }

    private static void PrintKernels(LoweredProgram program, TextWriter output)
    {
        var launches = ExecutableEmitter.ProgramsOf(program).SelectMany(p => p.Steps).OfType<LaunchStep>().ToList();
        output.WriteLine($"kernels: {launches.Count} launches");
        foreach (var group in launches.GroupBy(l => l.Kernel.StructuralKey))
        {
            var first = group.First();
            var (count, dims) = (group.Count(), string.Join(", ", first.Dims));
            output.WriteLine($"  {first.Kernel.Name}: launched by {count} step{(count == 1 ? "" : "s")}; dims [{dims}], {first.WorkItems} work items");
            foreach (var launch in group.Take(ShownLaunches))
            {
                var origins = string.Join(", ", launch.Origins.Take(ShownOrigins)) + (launch.Origins.Count > ShownOrigins ? ", ..." : "");
                output.WriteLine($"    from {(origins.Length == 0 ? "no ONNX node" : origins)}");
            }

            if (count > ShownLaunches)
            {
                output.WriteLine($"    and {count - ShownLaunches} more");
            }
        }
    }

    private static string Bound(long value) => value is long.MinValue or long.MaxValue
        ? "" : value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
