using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Memory;

/// <summary>What a node needs in the arena only while it runs: temporaries of operators with kernels of their own, and what happens in regions.</summary>
internal static class TransientRules
{
    public static Dim Bytes(Node node, Graph graph, MachineModel? machine)
    {
        var dims = graph.Module.Dims;
        switch (node.Op)
        {
            case ILoops loops when machine is not null:
                var probe = new TemporaryProbe(node, graph.Facts, machine);
                loops.Lower(probe);
                return probe.Bytes;
            case If:
                return Known(Peak(node.Regions[0], machine), node, dims).Max(Known(Peak(node.Regions[1], machine), node, dims));
            case Loop:
                // The next values of what is carried are made while the current ones are read.
                return Known(Peak(node.Regions[0], machine), node, dims);
            default:
                return dims.Zero;
        }
    }

    /// <summary>The most bytes alive in a region in the given order: the largest of the sums that are not proved to be below another.</summary>
    private static Dim Peak(Graph region, MachineModel? machine)
    {
        const int MaximalSums = 4;
        var dims = region.Module.Dims;
        var model = new MemoryModel(region, machine);
        var last = new Dictionary<Value, int>();
        for (var i = 0; i < region.Nodes.Length; i++)
        {
            foreach (var value in region.Nodes[i].Inputs.Concat(Graph.Captures(region.Nodes[i])).Concat(region.Nodes[i].Outputs))
            {
                last[model.RootOf(value)] = i;
            }
        }

        foreach (var output in region.Outputs)
        {
            last[model.RootOf(output)] = region.Nodes.Length;
        }

        var live = dims.Zero;
        var made = new HashSet<Value>();
        var sums = new List<Dim>();
        for (var i = 0; i < region.Nodes.Length; i++)
        {
            var node = region.Nodes[i];
            foreach (var root in node.Outputs.Select(model.RootOf).Where(v => model.IsBuffer(v) && made.Add(v)))
            {
                live += model.BytesOf(root);
            }

            var sum = live + model.TransientBytes(node);
            if (!sums.Any(s => region.Facts.ProveLessOrEqual(sum, s) == Proof.True))
            {
                sums.RemoveAll(s => region.Facts.ProveLessOrEqual(s, sum) == Proof.True);
                sums.Add(sum);
            }

            foreach (var root in made.Where(v => last[v] == i).ToList())
            {
                live -= model.BytesOf(root);
                made.Remove(root);
            }
        }

        return sums.Count == 0 ? dims.Zero : sums.Take(MaximalSums).Aggregate((a, b) => a.Max(b));
    }

    /// <summary>Sizes in symbols that only the region knows say nothing outside of it.</summary>
    private static Dim Known(Dim bytes, Node node, DimContext dims)
    {
        var inside = node.Regions.SelectMany(BoundIn).ToHashSet();
        return SymbolSet.Of(bytes).Any(inside.Contains) ? dims.Zero : bytes;
    }

    private static IEnumerable<Dim> BoundIn(Graph region) => region.Nodes.Select(n => n.Op).OfType<BindDim>().Select(b => b.Symbol)
        .Concat(region.Inputs.SelectMany(i => i.Type.Shape.Dims).Where(d => d.IsSymbol))
        .Concat(region.Nodes.SelectMany(n => n.Regions).SelectMany(BoundIn));

    /// <summary>Lets an operator write its kernels to nowhere and counts its temporaries.</summary>
    private sealed class TemporaryProbe(Node node, Facts facts, MachineModel machine) : LoopContext
    {
        private readonly List<ElementType> _temporaries = [];

        public Dim Bytes { get; private set; } = facts.Context.Zero;

        public override DimContext Dims => facts.Context;

        public override Facts Facts => facts;

        public override MachineModel Machine => machine;

        public override IndexMath Math { get; } = new(facts, facts.Context);

        public override int InputCount => node.Inputs.Length;

        public override int OutputCount => node.Outputs.Length;

        public override TensorType InputType(int input) => node.Inputs[input].Type;

        public override TensorType OutputType(int output) => node.Outputs[output].Type;

        public override KernelBuilder NewKernel(string name) => new(name, Dims);

        public override KernelBuffer Input(KernelBuilder kernel, int input) => kernel.Parameter("in", InputType(input).Element, false);

        public override KernelBuffer Output(KernelBuilder kernel, int output) => kernel.Parameter("out", OutputType(output).Element, true);

        public override int Temporary(ElementType element, Shape shape)
        {
            Bytes += shape.ElementCount(Dims) * element.Bytes();
            _temporaries.Add(element);
            return _temporaries.Count - 1;
        }

        public override KernelBuffer Use(KernelBuilder kernel, int temporary, bool isWritten) =>
            kernel.Parameter("tmp", _temporaries[temporary], isWritten);

        public override void Launch(KernelBuilder kernel, Dim workPerItem)
        {
        }
    }
}
