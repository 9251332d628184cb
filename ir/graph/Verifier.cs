using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>
/// Checks a graph, regions included. The invariants:
/// 1. Every graph and region belongs to one module, and every dim in it to the module's context.
/// 2. Every value is made once: as an input of one graph or region, or as an output of one node, which is its <see cref="Value.Producer"/>.
/// 3. Every value that a node or a graph's outputs read is made before: in the same graph, or in a graph around it before the node that holds
///    the region. What a region makes is not read outside of it.
/// 4. Value and node ids are unique and below the module's counters.
/// 5. Every symbol in a type or attribute has a value when it is needed: it occurs in an input of the graph, is a dim of an input of a region around, was
///    given by a <see cref="BindDim"/> or by control flow before, or the facts equate it with an expression of such symbols.
/// 6. The type of every result is what <see cref="Op.Infer"/> gives for the inputs: same element type and rank, and dims that the facts prove
///    equal. Inference changes no facts while verifying.
/// 7. In every alternative order each node comes once, after what it reads and after the nodes that bind dims before it (see
///    <see cref="NodeOrder"/>).
/// 8. Outputs that update inputs have their types.
/// </summary>
public sealed class Verifier
{
    private readonly Module _module;
    private readonly string _pass;
    private readonly HashSet<Value> _visible = [];
    private readonly HashSet<Value> _made = [];
    private readonly HashSet<int> _valueIds = [];
    private readonly HashSet<int> _nodeIds = [];
    private readonly HashSet<Dim> _bound = [];
    private readonly HashSet<Dim> _known = [];
    private Facts _facts;

    private Verifier(Module module, string pass)
    {
        _module = module;
        _pass = pass;
        _facts = module.Facts;
    }

    /// <summary>Checks a graph as the main one of its module.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="pass">Who made it, for the error.</param>
    /// <exception cref="InternalCompilerException">An invariant does not hold.</exception>
    public static void Verify(Graph graph, string pass = "verify")
    {
        new Verifier(graph.Module, pass).Check(graph);
    }

    private void Check(Graph root)
    {
        // A frame is a graph, how far its nodes are checked, and what became visible or bound within it.
        var frames = new Stack<Frame>();
        frames.Push(Enter(root, null));
        while (frames.TryPeek(out var frame))
        {
            _facts = frame.Graph.Facts;
            if (frame.Regions.TryDequeue(out var region))
            {
                frames.Push(Enter(region, frame.Node));
                continue;
            }

            if (frame.Node is { } finished)
            {
                Finish(finished, frame);
                frame.Node = null;
            }

            if (frame.Position < frame.Graph.Nodes.Length)
            {
                var node = frame.Graph.Nodes[frame.Position++];
                Start(node);
                frame.Node = node;
                frame.Regions = new Queue<Graph>(node.Regions);
                continue;
            }

            foreach (var output in frame.Graph.Outputs)
            {
                Read(output, frame.Owner, "an output of its graph");
            }

            CheckOrders(frame);
            CheckUpdates(frame.Graph);
            frames.Pop();
            _visible.ExceptWith(frame.Made);
            _bound.ExceptWith(frame.Bound);
            _known.Clear();
        }
    }

    private void CheckUpdates(Graph graph)
    {
        foreach (var (output, input) in graph.Updates)
        {
            var (next, state) = (graph.Outputs[output], graph.Inputs[input]);
            if (next.Type.Element != state.Type.Element || next.Type.Rank != state.Type.Rank
                || Enumerable.Range(0, state.Type.Rank).Any(a => _facts.ProveEqual(next.Type.Shape[a], state.Type.Shape[a]) != Proof.True))
            {
                throw Error(next.Producer, $"output {output} updates input {input}, which has another type: {next} and {state}");
            }
        }
    }

    private void CheckOrders(Frame frame)
    {
        var graph = frame.Graph;
        if (graph.AlternativeOrders.IsEmpty)
        {
            return;
        }

        var predecessors = NodeOrder.Predecessors(graph);
        foreach (var order in graph.AlternativeOrders)
        {
            if (NodeOrder.FirstMisplaced(predecessors, order.AsSpan()) is { } misplaced)
            {
                throw Error(graph.Nodes[misplaced], "comes before a node that it needs in an alternative order");
            }
        }
    }

    private Frame Enter(Graph graph, Node? owner)
    {
        if (!ReferenceEquals(graph.Module, _module))
        {
            throw Error(owner, "holds a region of another module");
        }

        _facts = graph.Facts;
        var frame = new Frame(graph, owner);
        foreach (var input in graph.Inputs)
        {
            if (input.Producer is not null)
            {
                throw Error(input.Producer, $"makes {input}, which is an input of a graph too");
            }

            Make(input, owner, frame);
            Bind(input.Type, frame);
        }

        foreach (var input in graph.Inputs)
        {
            Bound(input.Type, owner);
        }

        return frame;
    }

    private void Start(Node node)
    {
        if (node.Id.Value < 0 || node.Id.Value >= _module.NodeCount || !_nodeIds.Add(node.Id.Value))
        {
            throw Error(node, $"has the id {node.Id.Value}, which another node has or the module never gave");
        }

        foreach (var input in node.Inputs)
        {
            Read(input, node, "an input");
        }

        // What a node binds itself is known after it.
        if (node.Op is not BindDim && node.Regions.IsEmpty)
        {
            foreach (var dim in Text.OpCatalog.DimsOf(node.Op))
            {
                Bound(dim, node);
            }
        }
    }

    private void Finish(Node node, Frame frame)
    {
        CheckTypes(node);
        if (node.Op is BindDim || !node.Regions.IsEmpty)
        {
            // BindDim binds its symbol; control flow may give results sizes of their own.
            var dims = Text.OpCatalog.DimsOf(node.Op).ToList();
            dims.ForEach(dim => Bind(dim, frame));
            dims.ForEach(dim => Bound(dim, node));
        }

        for (var i = 0; i < node.Outputs.Length; i++)
        {
            var output = node.Outputs[i];
            if (!ReferenceEquals(output.Producer, node) || output.OutputIndex != i)
            {
                throw Error(node, $"has the output {output}, whose producer is {(output.Producer is null ? "none" : output.Producer)}");
            }

            Make(output, node, frame);
            Bound(output.Type, node);
        }
    }

    private void CheckTypes(Node node)
    {
        var context = new InferContext(_module, _facts, node.Op, node.Inputs, node.Regions, node.Origins);
        try
        {
            using (_facts.Freeze())
            {
                node.Op.Infer(context);
            }
        }
        catch (DlcException exception)
        {
            throw Error(node, $"does not fit its inputs: {exception.Message}", exception);
        }

        if (context.Outputs.Count != node.Outputs.Length)
        {
            throw Error(node, $"has {node.Outputs.Length} outputs, but its operator gives {context.Outputs.Count}");
        }

        for (var i = 0; i < context.Outputs.Count; i++)
        {
            var (found, expected) = (node.Outputs[i].Type, context.Outputs[i]);
            var same = found.Element == expected.Element && found.Rank == expected.Rank;
            for (var axis = 0; same && axis < found.Rank; axis++)
            {
                same = ReferenceEquals(found.Shape[axis], expected.Shape[axis])
                    || _facts.ProveEqual(found.Shape[axis], expected.Shape[axis]) == Proof.True;
            }

            if (!same)
            {
                throw Error(node, $"has the output {node.Outputs[i]}, but its operator gives {expected}");
            }
        }
    }

    private void Make(Value value, Node? owner, Frame frame)
    {
        if (!_made.Add(value))
        {
            throw Error(owner, $"makes {value}, which is made already");
        }

        if (value.Id.Value < 0 || value.Id.Value >= _module.ValueCount || !_valueIds.Add(value.Id.Value))
        {
            throw Error(owner, $"makes {value}, whose id another value has or the module never gave");
        }

        foreach (var dim in value.Type.Shape)
        {
            if (!ReferenceEquals(dim.Context, _module.Dims))
            {
                throw Error(owner, $"makes {value}, whose dim {dim} belongs to another module");
            }
        }

        _visible.Add(value);
        frame.Made.Add(value);
    }

    private void Read(Value value, Node? reader, string role)
    {
        if (!_visible.Contains(value))
        {
            throw Error(reader, $"reads {value} as {role}, which is {(_made.Contains(value) ? "not visible here" : "not made before")}");
        }
    }

    private void Bind(TensorType type, Frame frame)
    {
        // An input of the model may be declared as an expression (2*N + 1): its symbols follow from the size that is given.
        foreach (var dim in frame.Owner is null ? type.Shape.SelectMany(SymbolSet.Of) : type.Shape)
        {
            Bind(dim, frame);
        }
    }

    private void Bind(Dim dim, Frame frame)
    {
        if (dim.IsSymbol && _bound.Add(dim))
        {
            frame.Bound.Add(dim);
            _known.Clear();
        }
    }

    private void Bound(TensorType type, Node? node)
    {
        foreach (var dim in type.Shape)
        {
            Bound(dim, node);
        }
    }

    private void Bound(Dim dim, Node? node)
    {
        if (dim.IsConstant || _known.Contains(dim))
        {
            return;
        }

        if (!ReferenceEquals(dim.Context, _module.Dims))
        {
            throw Error(node, $"mentions the dim {dim}, which belongs to another module");
        }

        foreach (var symbol in SymbolSet.Of(dim))
        {
            if (!_bound.Contains(symbol) && !SymbolSet.Of(_facts.Simplify(symbol)).All(_bound.Contains))
            {
                throw Error(node, $"mentions the dim {dim}, but {symbol} has no value before");
            }
        }

        _known.Add(dim);
    }

    private InternalCompilerException Error(Node? node, string message, Exception? inner = null) =>
        new(_pass, node, node is null ? $"the graph {message}" : $"the node {message}", inner);

    private sealed class Frame(Graph graph, Node? owner)
    {
        public Graph Graph { get; } = graph;

        public Node? Owner { get; } = owner;

        public int Position { get; set; }

        public Node? Node { get; set; }

        public Queue<Graph> Regions { get; set; } = [];

        public List<Value> Made { get; } = [];

        public List<Dim> Bound { get; } = [];
    }
}
