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

        var firstSteps = LowerGraph(program, graph);
        AddOutputs(program, graph);
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

    /// <summary>
    /// Each output gets a buffer of its own that a kernel fills; where the value is an input, a constant, a view or an output twice, it is copied.
    /// </summary>
    internal static void AddOutputs(ProgramBuilder program, Graph graph)
    {
        var given = new HashSet<LoweredBuffer>();
        foreach (var output in graph.Outputs)
        {
            var buffer = program[output];
            if (buffer.Storage != BufferStorage.Arena || !program.Program.Buffers.Contains(buffer) || !given.Add(buffer))
            {
                var copy = program.New(output.Type, BufferStorage.Arena, output.Name);
                program.Program.Steps.Add(new CopyStep(buffer, copy, output.Producer?.Origins.ToValueList() ?? []));
                buffer = copy;
                given.Add(copy);
            }

            program.Program.Outputs.Add(buffer);
        }
    }

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
            default:
                throw new InvalidOperationException($"unknown fusion {group.Kind}");
        }
    }
}
