using System.Globalization;
using System.Text;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Text;

/// <summary>
/// Writes a module in the form of <c>Graph.g4</c>, from which <see cref="GraphParser"/> makes an equal one: ids, names, origins, symbols,
/// facts, guards and attributes are all kept. Deterministic: equal modules give equal text.
/// </summary>
public sealed class GraphPrinter
{
    private readonly StringBuilder _text = new();
    private readonly AttributePrinter _attributes;
    private int _indent;

    private GraphPrinter(TensorResources? resources)
    {
        _attributes = new AttributePrinter(_text, resources);
    }

    /// <summary>The text of a module with its main graph.</summary>
    /// <param name="module">What to write.</param>
    /// <param name="resources">Takes the tensors that are too large to be written inline; without it only their hashes are written, and the
    /// text can be read back only where the reader has the tensors.</param>
    public static string Print(Module module, TensorResources? resources = null) => Print(module.Main, resources);

    /// <summary>The text of a module with another graph in the place of its main one, such as between two passes.</summary>
    public static string Print(Graph graph, TensorResources? resources = null)
    {
        var printer = new GraphPrinter(resources);
        printer.WriteModule(graph.Module, graph);
        return printer._text.ToString();
    }

    private void WriteModule(Module module, Graph graph)
    {
        Line($"module {DimText.Quote(module.Name)} {{");
        _indent++;
        Line($"counters {module.ValueCount}, {module.NodeCount}");
        if (module.OutputNames.Count > 0)
        {
            Line($"outputs {string.Join(", ", module.OutputNames.Select(DimText.Quote))}");
        }

        foreach (var chunk in module.Dims.Symbols.Chunk(8))
        {
            Line($"symbol {string.Join(", ", (IEnumerable<Dim>)chunk)}");
        }

        WriteFacts(module.Facts, 0);
        WriteGraph(graph, null);
        _indent--;
        Line("}");
    }

    private void WriteFacts(Facts facts, int known)
    {
        foreach (var fact in facts.All.Skip(known))
        {
            Line($"fact {Relation(fact.Left, fact.Relation, fact.Right)} from {DimText.Quote(fact.Source)}");
        }

        foreach (var guard in facts.Guards)
        {
            Line($"guard {Relation(guard.Left, guard.Relation, guard.Right)} because {DimText.Quote(guard.Reason)}");
        }

        foreach (var likely in facts.AllLikely)
        {
            var values = string.Join(", ", likely.Values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
            Line($"likely {likely.Dim} in [{values}] from {DimText.Quote(likely.Source)}");
        }
    }

    private static string Relation(Dim left, Relation relation, Dim right) => relation switch
    {
        Symbolic.Relation.Equal => $"{left} == {right}",
        Symbolic.Relation.LessOrEqual => $"{left} <= {right}",
        Symbolic.Relation.Less => $"{left} < {right}",
        Symbolic.Relation.Divisible => $"{left} % {right} == 0",
        _ => throw new InvalidOperationException($"unknown relation {relation}"),
    };

    private void WriteGraph(Graph graph, Graph? around)
    {
        var outer = around?.Facts ?? graph.Module.Facts;
        var own = !ReferenceEquals(graph.Facts, outer);
        var shared = ReferenceEquals(graph.Facts, graph.Module.Facts);
        var known = own && !shared ? graph.Facts.All.Zip(outer.All).TakeWhile(pair => pair.First == pair.Second).Count() : 0;
        var header = !own ? string.Empty : shared ? "facts module " : $"facts {known}, {graph.Facts.InheritedGuards} ";
        var inputs = graph.Inputs.Select(input => $"{Definition(input)}: {input.Type}");
        Line($"graph({string.Join(", ", inputs)}) {header}{{");
        _indent++;
        if (own && !shared)
        {
            WriteFacts(graph.Facts, known);
        }

        foreach (var node in graph.Nodes)
        {
            WriteNode(node, graph);
        }

        Line(graph.Outputs.IsEmpty ? "return" : $"return {string.Join(", ", graph.Outputs.Select(output => output.Id))}");
        foreach (var update in graph.Updates)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"update {update.Output} of {update.Input}"));
        }

        foreach (var order in graph.AlternativeOrders)
        {
            Line($"order {string.Join(", ", order.Select(position => position.ToString(CultureInfo.InvariantCulture)))}");
        }

        _indent--;
        Line("}");
    }

    private void WriteNode(Node node, Graph graph)
    {
        Indent();
        if (!node.Outputs.IsEmpty)
        {
            _text.AppendJoin(", ", node.Outputs.Select(Definition)).Append(" = ");
        }

        _text.Append(node.Op.GetType().Name);
        _attributes.Write(node.Op);
        _text.Append('(').AppendJoin(", ", node.Inputs.Select(input => input.Id)).Append(')');
        if (!node.Outputs.IsEmpty)
        {
            _text.Append(" : ").AppendJoin(", ", node.Outputs.Select(output => output.Type));
        }

        foreach (var region in node.Regions)
        {
            _text.Append(" {\n");
            _indent++;
            WriteGraph(region, graph);
            _indent--;
            Indent();
            _text.Append('}');
        }

        if (!node.Origins.IsEmpty)
        {
            _text.Append(" from ").AppendJoin(", ", node.Origins.Select(DimText.Quote));
        }

        _text.Append(CultureInfo.InvariantCulture, $" #{node.Id.Value}\n");
    }

    private static string Definition(Value value) => value.Name is null ? value.Id.ToString() : $"{value.Id} {DimText.Quote(value.Name)}";

    private void Line(string line)
    {
        Indent();
        _text.Append(line).Append('\n');
    }

    private void Indent() => _text.Append(' ', 2 * _indent);
}
