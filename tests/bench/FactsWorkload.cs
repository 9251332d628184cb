using System.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.Bench;

/// <summary>
/// Facts about many symbols as a large module would have them (ranges, divisibility, equal dims, orders, products), and queries about random pairs.
/// One binding of the symbols satisfies all facts. Ten facts and fifty queries a symbol.
/// </summary>
public sealed class FactsWorkload
{
    private const int FactsPerSymbol = 10;
    private const int QueriesPerSymbol = 50;

    private readonly Random random = new(7);
    private readonly DimContext context = new();
    private readonly DimEvaluator evaluator;
    private readonly Dim[] dims;
    private readonly long[] values;

    /// <summary>Names the symbols and draws the binding.</summary>
    public FactsWorkload(int symbols)
    {
        Facts = new Facts(context);
        evaluator = new DimEvaluator(context);
        (dims, values) = (new Dim[symbols], new long[symbols]);
        for (var i = 0; i < symbols; i++)
        {
            values[i] = 16 * random.Next(1, 64);
            dims[i] = context.Symbol($"d{i}");
            evaluator.Bind(dims[i], values[i]);
        }
    }

    /// <summary>The facts.</summary>
    public Facts Facts { get; }

    /// <summary>Facts of a workload.</summary>
    public int FactCount => dims.Length * FactsPerSymbol;

    /// <summary>Queries of a workload.</summary>
    public int QueryCount => dims.Length * QueriesPerSymbol;

    /// <summary>Times both for one number of symbols.</summary>
    public static (TimeSpan Build, TimeSpan Queries, int Decided) Run(int symbols)
    {
        var workload = new FactsWorkload(symbols);
        var clock = Stopwatch.StartNew();
        workload.Build();
        var build = clock.Elapsed;
        var decided = workload.Ask();
        return (build, clock.Elapsed - build, decided);
    }

    /// <summary>Assumes the facts.</summary>
    public void Build()
    {
        foreach (var dim in dims)
        {
            Facts.AssumeRange(dim, 1, 4096, "range");
        }

        for (var i = 2 * dims.Length; i < FactCount; i++)
        {
            var (a, b, c) = (random.Next(dims.Length), random.Next(dims.Length), random.Next(dims.Length));
            switch (random.Next(20))
            {
                case 0:
                    // Shapes of a graph: mostly few classes of equal dims.
                    var same = Enumerable.Range(0, 8).Select(_ => random.Next(dims.Length)).FirstOrDefault(j => values[j] == values[a], -1);
                    if (same >= 0)
                    {
                        Facts.Assume(dims[a], Relation.Equal, dims[same], "equal");
                    }

                    break;
                case 1:
                    Facts.Assume(dims[a], Relation.Divisible, context.Const(16), "divisible");
                    break;
                case 2:
                    Facts.AssumeRange(dims[a], 1, 2048, "range");
                    break;
                case 3 when values[a] * values[b] <= values[c] * 64:
                    Facts.Assume(dims[a] * dims[b], Relation.LessOrEqual, dims[c] * 64, "product");
                    break;
                default:
                    var (low, high) = values[a] <= values[b] ? (a, b) : (b, a);
                    Facts.Assume(dims[low], Relation.LessOrEqual, dims[high], "order");
                    break;
            }
        }
    }

    /// <summary>Asks; gives the number of queries that were answered True or False.</summary>
    public int Ask() => Queries().Count(query => Facts.Prove(query.Left, query.Relation, query.Right) != Proof.Unknown);

    /// <summary>Asks; gives the number of answers that the binding refutes.</summary>
    public int CountWrong() => Queries().Count(query => Facts.Prove(query.Left, query.Relation, query.Right) is not Proof.Unknown and var proof
        && Holds(query.Left, query.Relation, query.Right) != (proof == Proof.True));

    /// <summary>Whether a relation holds for the binding.</summary>
    public bool Holds(Dim left, Relation relation, Dim right)
    {
        var (a, b) = (evaluator.Evaluate(left), evaluator.Evaluate(right));
        return relation switch
        {
            Relation.Equal => a == b,
            Relation.LessOrEqual => a <= b,
            Relation.Less => a < b,
            _ => b != 0 && a % b == 0,
        };
    }

    private IEnumerable<(Dim Left, Relation Relation, Dim Right)> Queries()
    {
        for (var i = 0; i < QueryCount; i++)
        {
            var (a, b) = (random.Next(dims.Length), random.Next(dims.Length));
            var (left, right) = random.Next(3) switch
            {
                0 => (dims[a] * dims[b], dims[b] * dims[random.Next(dims.Length)]),
                1 => (dims[a] + 1, 2 * dims[b]),
                _ => (dims[a], dims[b]),
            };
            yield return (left, (Relation)random.Next(4), right);
        }
    }
}
