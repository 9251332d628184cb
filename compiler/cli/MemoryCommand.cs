using System.CommandLine;
using Dlc.Compiler.Memory;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc memory</c>: what a model needs, as a formula and at given dims, before anything is allocated.</summary>
internal static class MemoryCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: true);
        var (dims, threads) = (CommonOptions.Dims(), CommonOptions.Threads());
        dims.Description = "The sizes of one shape, such as batch=4,seq=77; give the option once for each shape";
        threads.Description = "Threads of the session that will run, each of which needs scratch memory; 0 for as many as the machine has processors";
        var top = new Option<int>("--top") { Description = "How many of the largest buffers to list", HelpName = "N", DefaultValueFactory = _ => 10 };
        var svg = new Option<string?>("--svg") { Description = "Draw the arena over time to this file, one picture below the other for each --dims", HelpName = "FILE" };
        var json = new Option<string?>("--json") { Description = "Write the plan to this file; a list of plans where --dims is given more than once", HelpName = "FILE" };
        var (limit, target, dim) = (CommonOptions.MemoryLimit(), CommonOptions.Target(), CommonOptions.Dim());
        var command = new Command("memory", "Tell how much memory a model needs") { model, dims, limit, top, svg, json, threads, target, dim };
        var training = new TrainingFlags();
        training.AddTo(command);
        command.SetAction(parsed =>
        {
            var bytes = ByteSize.Limit(parsed, limit);
            var options = new CompileOptions
            {
                MemoryLimit = bytes,
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dim) ?? [],
                Threads = parsed.GetValue(threads),
            };
            var sizes = (parsed.GetValue(dims) ?? []).Select(t => DimAssignments.Parse([t])).ToList();
            using var loaded = ModelLoader.Load(parsed.GetRequiredValue(model), options, training.Read(parsed)).Model;
            var isFixed = !loaded.Executable.Model.Inputs.SelectMany(i => i.Axes).Any(a => a.Kind == InputAxisKind.Bind);
            if (isFixed && sizes.Count == 0)
            {
                sizes.Add([]);
            }

            var query = new MemoryQuery { Threads = parsed.GetValue(threads), MemoryLimit = bytes };
            var given = new Dictionary<string, long[]>();
            var reports = sizes.Select(s => loaded.MemoryFor(InputShapes.Find(loaded, given, s), query)).ToList();
            var text = parsed.InvocationConfiguration.Output;
            var printer = new MemoryText(text);
            printer.Formula(loaded, MemoryFormula.Of(loaded));
            if (reports.Count > 0)
            {
                printer.Sizes(reports);
                reports.ForEach(r => printer.Evictions(r, parsed.GetValue(top)));
                reports.ForEach(r => printer.Buffers(r, parsed.GetValue(top)));
            }

            Write(parsed.GetValue(json), reports, MemoryJson.Write, text);
            Write(parsed.GetValue(svg), reports, MemoryPicture.Draw, text);
            return ExitCodes.Good;
        });
        return command;
    }

    private static void Write(string? path, List<MemoryReport> reports, Func<IReadOnlyList<MemoryReport>, string> content, TextWriter text)
    {
        if (path is null)
        {
            return;
        }

        if (reports.Count == 0)
        {
            throw new DlcException(ErrorCodes.BadOption, "--json and --svg describe the memory at given dims; give --dims NAME=N,...");
        }

        File.WriteAllText(path, content(reports));
        text.WriteLine($"wrote {path}");
    }
}
