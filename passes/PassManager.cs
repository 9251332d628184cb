using System.Diagnostics;
using System.Globalization;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Text;

namespace Dlc.Passes;

/// <summary>
/// Runs groups of passes over the main graph of a module and its regions, verifies after each and dumps what changed. Anything that a pass
/// throws besides an error of the user's becomes an <see cref="InternalCompilerException"/> that names the pass and the node.
/// </summary>
public sealed class PassManager(PassContext context, PassManagerOptions? options = null)
{
    /// <summary>Deepest nesting of regions that is compiled; the executable format has the same bound.</summary>
    public const int MaximalNesting = 64;

    /// <summary>The name behind <c>--after</c> for the graph before any pass.</summary>
    public const string Import = "import";

    private readonly PassManagerOptions _options = options ?? new PassManagerOptions();
    private readonly Dictionary<string, PassTime> _times = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>Keeps the hashes of large tensors between dumps.</summary>
    private readonly TensorResources _tensors = new();
    private int _dumps;

    /// <summary>Times by pass, in the order of their first runs.</summary>
    public IReadOnlyList<PassTime> Times => [.. _order.Select(name => _times[name])];

    /// <summary>
    /// Runs the groups in order on <see cref="Module.Main"/>, which is replaced by the result. Returns false when it stopped early because
    /// of <see cref="PassManagerOptions.After"/>.
    /// </summary>
    /// <exception cref="DlcException">The user's error, or <c>BadOption</c> when no pass has the name to stop after.</exception>
    public bool Run(Module module, IEnumerable<PassGroup> groups)
    {
        var list = groups.ToList();
        CheckAfter(list);
        Dump(Import, module.Main);
        if (_options.After == Import)
        {
            return false;
        }

        foreach (var group in list)
        {
            if (!RunGroup(module, group))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Runs one pass on a graph and the regions in it.</summary>
    public Graph Run(Pass pass, Graph graph)
    {
        context.Current = null;
        var watch = Stopwatch.StartNew();
        Graph result;
        try
        {
            result = pass.HandlesRegions ? pass.Run(graph, context) : RunNested(pass, graph, 0);
        }
        catch (Exception e) when (e is not DlcException and not OutOfMemoryException)
        {
            throw InternalCompilerException.From(pass.Name, context.Current, e);
        }

        watch.Stop();
        Count(pass.Name, !ReferenceEquals(result, graph), watch.Elapsed);
        context.Current = null;
        if (_options.Verify && !ReferenceEquals(result, graph))
        {
            Verifier.Verify(result, pass.Name);
        }

        return result;
    }

    private bool RunGroup(Module module, PassGroup group)
    {
        Graph? stopAt = null;
        for (var round = 0; round < group.MaximalRounds; round++)
        {
            var before = module.Main;
            foreach (var pass in group.Passes)
            {
                _options.Progress?.Invoke(pass.Name);
                var result = Run(pass, module.Main);
                if (!ReferenceEquals(result, module.Main))
                {
                    module.Main = result;
                    Dump(pass.Name, result);
                }

                if (pass.Name == _options.After)
                {
                    stopAt = result;
                }
            }

            if (ReferenceEquals(before, module.Main))
            {
                break;
            }
        }

        if (stopAt is not null)
        {
            module.Main = stopAt;
            return false;
        }

        return group.Name != _options.After;
    }

    private Graph RunNested(Pass pass, Graph graph, int depth)
    {
        if (depth > MaximalNesting)
        {
            throw new DlcException(ErrorCodes.Unsupported, $"control flow is nested more than {MaximalNesting} deep");
        }

        if (graph.Nodes.Any(HasInnerGraphs))
        {
            var edit = new GraphEdit(graph, pass.Name);
            foreach (var node in graph.Nodes)
            {
                context.Current = node;
                if (!HasInnerGraphs(node))
                {
                    edit.Keep(node);
                    continue;
                }

                var regions = edit.MapRegions(node);
                for (var i = 0; i < regions.Length; i++)
                {
                    regions = regions.SetItem(i, RunNested(pass, regions[i], depth + 1));
                }

                edit.Keep(node, regions);
            }

            graph = edit.Commit();
        }

        return pass.Run(graph, context);
    }

    /// <summary>The region of a fused node is one kernel, not a graph that passes work on.</summary>
    private static bool HasInnerGraphs(Node node) => !node.Regions.IsEmpty && node.Op is not Fused;

    private void Count(string pass, bool changed, TimeSpan elapsed)
    {
        if (!_times.TryGetValue(pass, out var time))
        {
            _order.Add(pass);
            time = new PassTime(pass, 0, 0, TimeSpan.Zero);
        }

        _times[pass] = new PassTime(pass, time.Runs + 1, time.Changes + (changed ? 1 : 0), time.Elapsed + elapsed);
    }

    private void CheckAfter(List<PassGroup> groups)
    {
        if (_options.After is not { } after || after == Import)
        {
            return;
        }

        var names = groups.SelectMany(g => g.Passes.Select(p => p.Name).Append(g.Name)).Prepend(Import).Distinct().ToList();
        if (!names.Contains(after))
        {
            throw new DlcException(ErrorCodes.BadOption, $"there is no pass '{after}'; the passes are {string.Join(", ", names)}");
        }
    }

    private void Dump(string name, Graph graph)
    {
        if (_options.DumpDirectory is not { } directory)
        {
            return;
        }

        Directory.CreateDirectory(directory);
        var number = (_dumps++).ToString("00", CultureInfo.InvariantCulture);
        File.WriteAllText(Path.Combine(directory, $"{number}-{name}.txt"), GraphPrinter.Print(graph, _tensors));
    }
}
