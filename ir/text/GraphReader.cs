using System.Collections.Immutable;
using System.Globalization;
using Antlr4.Runtime;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using Tree = Dlc.IR.Text.Generated.GraphParser;

namespace Dlc.IR.Text;

/// <summary>Builds a module from a parse tree. Types are taken as written; the verifier compares them with what the operators infer.</summary>
internal sealed class GraphReader
{
    private readonly TensorResources? _resources;
    private readonly string _file;
    private readonly HashSet<int> _valueIds = [];
    private readonly HashSet<int> _nodeIds = [];
    private readonly Dictionary<int, Value> _visible = [];
    private Module _module = null!;
    private DimReader _dims = null!;
    private AttributeReader _attributes = null!;

    public GraphReader(TensorResources? resources, string file)
    {
        _resources = resources;
        _file = file;
    }

    public Module Read(Tree.ModuleContext tree)
    {
        _module = new Module(Unquote(tree.STRING().Symbol));
        _dims = new DimReader(_module.Dims, this);
        _attributes = new AttributeReader(_module, _dims, this, _resources);
        foreach (var declaration in tree.declaration())
        {
            Guarded(declaration, () =>
            {
                Declare(declaration, _module.Facts);
                return true;
            });
        }

        _module.Main = ReadGraph(tree.graph(), _module.Facts);
        _module.Reserve(_valueIds.Count == 0 ? 0 : _valueIds.Max() + 1, _nodeIds.Count == 0 ? 0 : _nodeIds.Max() + 1);
        return _module;
    }

    /// <summary>An error at the start of a part of the text.</summary>
    public DlcException Error(ParserRuleContext tree, string message) => Error(tree.Start, message);

    public DlcException Error(IToken token, string message) => GraphParser.Error(_file, token.Line, token.Column, message);

    /// <summary>Runs what may fail on values the grammar allows, and says where they stand.</summary>
    public T Guarded<T>(ParserRuleContext tree, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is ArithmeticException or ArgumentException or FormatException
            or DimTooLargeException or DimContradictionException)
        {
            throw Error(tree, exception.Message);
        }
    }

    /// <summary>A number of at most 31 bits.</summary>
    public int SmallNumber(IToken token, string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue
            ? number : throw Error(token, $"expected a number below {int.MaxValue}, found {digits}");

    /// <summary>The text within quotes.</summary>
    public string Unquote(IToken token)
    {
        var quoted = token.Text.AsSpan(1, token.Text.Length - 2);
        var text = new System.Text.StringBuilder(quoted.Length);
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != '\\')
            {
                text.Append(quoted[i]);
                continue;
            }

            i++;
            if (quoted[i] is '"' or '\\')
            {
                text.Append(quoted[i]);
            }
            else if (quoted[i] == 'u' && i + 4 < quoted.Length
                && ushort.TryParse(quoted.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
            {
                text.Append((char)unit);
                i += 4;
            }
            else
            {
                throw Error(token, $"expected \\\", \\\\ or \\u and four hexadecimal digits in a text, found \\{quoted[i]}");
            }
        }

        return text.ToString();
    }

    public TensorType ReadType(Tree.TensorTypeContext tree)
    {
        var element = ReadElement(tree.IDENT().Symbol);
        return new TensorType(element, new Shape([.. tree.dim().Select(_dims.Read)]));
    }

    public ElementType ReadElement(IToken token)
    {
        foreach (var element in Enum.GetValues<ElementType>())
        {
            if (element.ShortName() == token.Text)
            {
                return element;
            }
        }

        throw Error(token, $"expected an element type such as f32 or i64, found '{token.Text}'");
    }

    private void Declare(Tree.DeclarationContext tree, Facts facts)
    {
        switch (tree)
        {
            case Tree.SymbolsContext symbols:
                foreach (var symbol in symbols.symbol())
                {
                    _dims.Symbol(symbol);
                }

                break;
            case Tree.FactContext fact:
                var (left, relation, right) = ReadRelation(fact.relation());
                facts.Assume(left, relation, right, Unquote(fact.STRING().Symbol));
                break;
            case Tree.GuardContext guard:
                var (a, required, b) = ReadRelation(guard.relation());
                facts.RestoreGuard(new Guard(a, required, b, Unquote(guard.STRING().Symbol)));
                break;
            case Tree.LikelyValuesContext likely:
                facts.AssumeLikely(
                    _dims.Read(likely.dim()),
                    [.. likely.likely().Select(value => long.Parse(value.GetText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))],
                    Unquote(likely.STRING().Symbol));
                break;
            case Tree.OutputNamesContext outputs:
                _module.OutputNames = [.. outputs.STRING().Select(name => Unquote(name.Symbol))];
                break;
            case Tree.CountersContext counters:
                var numbers = counters.INT();
                _module.Reserve(
                    SmallNumber(numbers[0].Symbol, numbers[0].GetText()), SmallNumber(numbers[1].Symbol, numbers[1].GetText()));
                break;
            default:
                throw Error(tree, "expected a declaration");
        }
    }

    private (Dim Left, Relation Relation, Dim Right) ReadRelation(Tree.RelationContext tree)
    {
        var left = _dims.Read(tree.dim(0));
        var right = _dims.Read(tree.dim(1));
        if (tree.mod is not null)
        {
            var zero = tree.INT();
            return zero.GetText() == "0" ? (left, Relation.Divisible, right)
                : throw Error(zero.Symbol, $"expected 0 after 'a % b ==', found {zero.GetText()}");
        }

        return (left, tree.op.Text switch
        {
            "==" => Relation.Equal,
            "<=" => Relation.LessOrEqual,
            _ => Relation.Less,
        }, right);
    }

    private Graph ReadGraph(Tree.GraphContext tree, Facts around)
    {
        var facts = ReadFacts(tree, around);
        var own = new List<int>();
        var inputs = (tree.parameters()?.parameter() ?? [])
            .Select(parameter => Define(parameter.VALUE().Symbol, parameter.STRING()?.Symbol, ReadType(parameter.tensorType()), own)).ToList();
        var nodes = tree.node().Select(node => ReadNode(node, facts, own)).ToList();
        var outputs = ReadOperands(tree.operands());

        // What a region defines is not seen after it.
        own.ForEach(id => _visible.Remove(id));
        var graph = new Graph(_module, facts, [.. inputs], [.. nodes], outputs);
        graph = ReadUpdates(tree, graph);
        return tree.alternative() is [] ? graph
            : graph.WithAlternativeOrders([.. tree.alternative().Select(order => ReadOrder(order, nodes.Count))]);
    }

    private Graph ReadUpdates(Tree.GraphContext tree, Graph graph)
    {
        if (tree.update() is [])
        {
            return graph;
        }

        try
        {
            return graph.WithUpdates([.. tree.update().Select(u =>
                new StateUpdate(SmallNumber(u.INT(0).Symbol, u.INT(0).GetText()), SmallNumber(u.INT(1).Symbol, u.INT(1).GetText())))]);
        }
        catch (ArgumentException e)
        {
            throw Error(tree.update(0), e.Message);
        }
    }

    private ImmutableArray<int> ReadOrder(Tree.AlternativeContext tree, int count)
    {
        var order = tree.INT().Select(number => SmallNumber(number.Symbol, number.GetText())).ToImmutableArray();
        return Graph.IsPermutation(order.AsSpan(), count) ? order
            : throw Error(tree, $"expected each number from 0 to {count - 1} once, found {order.Length} numbers that are not so");
    }

    private Facts ReadFacts(Tree.GraphContext tree, Facts around)
    {
        var facts = around;
        if (tree.ownFacts() is { } own)
        {
            facts = own.INT() is [] ? _module.Facts : Guarded(own, () => Take(own, around));
        }

        foreach (var declaration in tree.declaration())
        {
            if (ReferenceEquals(facts, around) || ReferenceEquals(facts, _module.Facts)
                || declaration is not (Tree.FactContext or Tree.GuardContext or Tree.LikelyValuesContext))
            {
                throw Error(declaration, "expected facts, guards or likely values after 'facts' and two numbers, found another declaration");
            }

            Guarded(declaration, () =>
            {
                Declare(declaration, facts);
                return true;
            });
        }

        return facts;
    }

    private Facts Take(Tree.OwnFactsContext tree, Facts around)
    {
        var (known, guards) = (tree.INT(0), tree.INT(1));
        var count = SmallNumber(known.Symbol, known.GetText());
        if (count > around.All.Count)
        {
            throw Error(known.Symbol, $"expected at most the {around.All.Count} facts of the graph around, found {count}");
        }

        var facts = new Facts(_module.Dims) { InheritedGuards = SmallNumber(guards.Symbol, guards.GetText()) };
        foreach (var fact in around.All.Take(count))
        {
            facts.Assume(fact.Left, fact.Relation, fact.Right, fact.Source);
        }

        return facts;
    }

    private Node ReadNode(Tree.NodeContext tree, Facts facts, List<int> own)
    {
        var operands = tree.operands();
        var inputs = ReadOperands(operands);
        var regions = tree.region().Select(region => ReadGraph(region.graph(), facts)).ToImmutableArray();
        var results = tree.results()?.result() ?? [];
        var types = tree.tensorType();
        if (results.Length != types.Length)
        {
            throw Error(tree, $"expected as many types as results ({results.Length}), found {types.Length}");
        }

        var op = _attributes.Read(tree);
        var origins = (tree.origins()?.STRING() ?? []).Select(origin => Unquote(origin.Symbol)).ToImmutableArray();
        var idToken = tree.INT().Symbol;
        var id = SmallNumber(idToken, idToken.Text);
        if (!_nodeIds.Add(id))
        {
            throw Error(idToken, $"expected a new node number, found #{id} again");
        }

        var outputs = results
            .Select((result, i) => Define(result.VALUE().Symbol, result.STRING()?.Symbol, ReadType(types[i]), own)).ToImmutableArray();
        return new Node(new NodeId(id), op, inputs, outputs, regions, origins);
    }

    private Value Define(IToken token, IToken? name, TensorType type, List<int> own)
    {
        var id = SmallNumber(token, token.Text[1..]);
        if (!_valueIds.Add(id))
        {
            throw Error(token, $"expected a new value, found {token.Text}, which is defined already");
        }

        own.Add(id);
        return _visible[id] = new Value(new ValueId(id), type, name is null ? null : Unquote(name));
    }

    private ImmutableArray<Value> ReadOperands(Tree.OperandsContext? tree) =>
    [
        .. (tree?.VALUE() ?? []).Select(operand => _visible.TryGetValue(SmallNumber(operand.Symbol, operand.GetText()[1..]), out var value)
            ? value : throw Error(operand.Symbol, $"expected a value defined before, found {operand.GetText()}")),
    ];
}
