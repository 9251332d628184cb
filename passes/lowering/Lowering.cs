using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Turns a fused graph into buffers and steps: each node becomes an alias, one or more kernel launches, or a control-flow step with
/// programs of its own.
/// </summary>
public static class Lowering
{
    private const string Stage = "lower";

    /// <summary>Lowers the main graph of a module.</summary>
    public static LoweredProgram Run(Graph graph, MachineModel machine)
    {
        var program = new ProgramBuilder(graph.Module, machine);
        foreach (var input in graph.Inputs)
        {
            var buffer = program.New(input.Type, BufferStorage.Input, input.Name);
            program.Bind(input, buffer);
            program.Program.Inputs.Add(buffer);
        }

        StateWrites.Bind(program, graph);
        var firstSteps = LowerGraph(program, graph);
        AddOutputs(program, graph);
        AddCandidates(program, graph);
        AddOrders(program.Program, graph, firstSteps);
        program.Program.Guards.AddRange(graph.Facts.Guards);
        return program.Program;
    }

    /// <summary>Lowers the nodes in order. Gives the index of the first step of each node, and at the end the number of steps.</summary>
    internal static int[] LowerGraph(ProgramBuilder program, Graph graph)
    {
        var firstSteps = new List<int>(graph.Nodes.Length + 1);
        foreach (var node in graph.Nodes)
        {
            firstSteps.Add(program.Program.Steps.Count);
            try
            {
                LowerNode(program, node);
            }
            catch (Exception e) when (e is not DlcException)
            {
                throw InternalCompilerException.From(Stage, node, e);
            }
        }

        return [.. firstSteps, program.Program.Steps.Count];
    }

    /// <summary>Turns alternative orders of nodes into orders of their steps; what was added after the last node stays at the end.</summary>
    private static void AddOrders(LoweredProgram program, Graph graph, int[] firstSteps)
    {
        var steps = program.Steps.Count;
        List<int[]> known = [[.. Enumerable.Range(0, steps)]];
        foreach (var order in graph.AlternativeOrders)
        {
            var permutation = order.SelectMany(node => Enumerable.Range(firstSteps[node], firstSteps[node + 1] - firstSteps[node]))
                .Concat(Enumerable.Range(firstSteps[^1], steps - firstSteps[^1])).ToArray();
            if (!known.Any(permutation.SequenceEqual))
            {
                known.Add(permutation);
                program.Orders.Add([.. permutation]);
            }
        }
    }

    /// <summary>The buffers that may leave memory, as the graph marks them.</summary>
    private static void AddCandidates(ProgramBuilder program, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op is Evict))
        {
            var buffer = RootOf(program[node.Inputs[0]]);
            if (!program.Program.Evictable.Contains(buffer))
            {
                program.Program.Evictable.Add(buffer);
            }
        }
    }

    /// <summary>
    /// Each output gets a buffer of its own that a kernel fills; where the value is an input, a constant, a view or an output twice, it is copied. What
    /// updates an input is in that input's memory; where its producer could not write there it is copied, after all else has been read.
    /// </summary>
    internal static void AddOutputs(ProgramBuilder program, Graph graph)
    {
        var updates = graph.Updates.ToDictionary(u => u.Output, u => u.Input);
        var given = new HashSet<LoweredBuffer>();
        var buffers = new LoweredBuffer[graph.Outputs.Length];
        for (var o = 0; o < buffers.Length; o++)
        {
            var output = graph.Outputs[o];
            buffers[o] = program[output];
            if (!updates.ContainsKey(o)
                && (buffers[o].Storage != BufferStorage.Arena || !program.Program.Buffers.Contains(buffers[o]) || !given.Add(buffers[o])))
            {
                var copy = program.New(output.Type, BufferStorage.Arena, output.Name);
                Copy(program, output, buffers[o], copy);
                buffers[o] = copy;
                given.Add(copy);
            }
        }

        foreach (var (o, input) in updates.OrderBy(u => u.Key))
        {
            if (RootOf(buffers[o]) is { Storage: BufferStorage.Input } other && !ReferenceEquals(other, program.Program.Inputs[input]))
            {
                // State that changes places with other state is saved before that is overwritten.
                var saved = program.New(graph.Outputs[o].Type, BufferStorage.Arena, graph.Outputs[o].Name);
                Copy(program, graph.Outputs[o], buffers[o], saved);
                buffers[o] = saved;
            }
        }

        foreach (var (o, input) in updates.OrderBy(u => u.Key))
        {
            var state = program.Program.Inputs[input];
            if (ReferenceEquals(buffers[o], state))
            {
                buffers[o] = program.NewAlias(graph.Outputs[o].Type, state, graph.Outputs[o].Name);
            }
            else if (!ReferenceEquals(buffers[o].AliasOf, state))
            {
                var place = program.NewAlias(graph.Outputs[o].Type, state, graph.Outputs[o].Name);
                Copy(program, graph.Outputs[o], buffers[o], place);
                buffers[o] = place;
            }

            program.Program.Updates.Add(new StateUpdate(o, input));
        }

        program.Program.Outputs.AddRange(buffers);
    }

    private static LoweredBuffer RootOf(LoweredBuffer buffer)
    {
        while (buffer.Storage == BufferStorage.Alias)
        {
            buffer = buffer.AliasOf!;
        }

        return buffer;
    }

    private static void Copy(ProgramBuilder program, Value output, LoweredBuffer from, LoweredBuffer to) =>
        program.Program.Steps.Add(new CopyStep(from, to, output.Producer?.Origins.ToValueList() ?? []));

    private static void LowerNode(ProgramBuilder program, Node node)
    {
        switch (node.Op)
        {
            case Constant:
                break;
            case Reshape or Evict or Regenerate:
                program.Bind(node.Output, program.NewAlias(node.Output.Type, program[node.Inputs[0]], node.Output.Name));
                break;
            case BindDim bind:
                program.Program.Steps.Add(new BindDimStep(bind.Symbol, program[node.Inputs[0]], node.Origins.ToValueList()));
                break;
            case If branch:
                LowerControlFlow.Run(program, node, branch);
                break;
            case Loop loop:
                LowerControlFlow.Run(program, node, loop);
                break;
            case ILoops loops:
                loops.Lower(new OpLoops(program, node));
                break;
            default:
                LowerGroup(program, LoweringGroup.Of(node));
                break;
        }
    }

    private static void LowerGroup(ProgramBuilder program, LoweringGroup group)
    {
        switch (group.Kind)
        {
            case FusionKind.Loop:
                LowerLoops.Run(program, group);
                break;
            case FusionKind.Row:
                LowerRows.Run(program, group);
                break;
            case FusionKind.MatMul:
                LowerMatMul.Run(program, group);
                break;
            case FusionKind.Conv:
                LowerConv.Run(program, group);
                break;
            case FusionKind.Attention:
                GpuAttention.Run(program, group);
                break;
            default:
                throw new InvalidOperationException($"unknown fusion {group.Kind}");
        }
    }
}
