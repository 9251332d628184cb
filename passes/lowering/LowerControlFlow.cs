using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;

namespace Dlc.Passes.Lowering;

/// <summary>Branches and loops: their regions become programs of their own, which the runtime enters.</summary>
internal static class LowerControlFlow
{
    public static void Run(ProgramBuilder program, Node node, If branch)
    {
        var then = Region(program, node.Regions[0]);
        var otherwise = Region(program, node.Regions[1]);
        var bound = branch.BoundDims(node).Select(b => new BranchDim(b.Symbol, b.Then, b.Else)).ToValueList();
        program.Program.Steps.Add(new IfStep(program[node.Inputs[0]], then, otherwise, Outputs(program, node), bound, node.Origins.ToValueList()));
    }

    public static void Run(ProgramBuilder program, Node node, Loop loop)
    {
        var body = Region(program, node.Regions[0]);
        var changing = loop.ChangingDims(node).Select(d => new CarriedDim(d.Symbol, d.First, d.Next, d.Last)).ToValueList();
        var inputs = node.Inputs.Select(v => program[v]).ToArray();
        var (limit, start) = loop.IsCounted ? (null, null) : (inputs[^2], inputs[^1]);
        program.Program.Steps.Add(new LoopStep(limit, start, inputs[..loop.Carried].ToValueList(), body, changing, loop.Trips,
            Outputs(program, node), node.Origins.ToValueList()));
    }

    private static ValueList<LoweredBuffer> Outputs(ProgramBuilder program, Node node) => node.Outputs.Select(program.Output).ToValueList();

    private static LoweredProgram Region(ProgramBuilder outer, Graph region)
    {
        var program = new ProgramBuilder(outer.Module, outer.Machine, outer, region.Facts);
        foreach (var input in region.Inputs)
        {
            var buffer = program.New(input.Type, BufferStorage.Input, input.Name);
            program.Bind(input, buffer);
            program.Program.Inputs.Add(buffer);
        }

        Lowering.LowerGraph(program, region);
        Lowering.AddOutputs(program, region);
        if (!ReferenceEquals(region.Facts, region.Module.Facts))
        {
            program.Program.Guards.AddRange(region.Facts.OwnGuards);
        }

        return program.Program;
    }
}
