using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// A shape whose neighbouring axes are joined into runs wherever every memory access of the kernel moves through them as through one axis.
/// Fewer and longer loops: an elementwise kernel over <c>[B, S, D]</c> becomes one loop over <c>B*S*D</c> elements.
/// </summary>
internal sealed class IterationSpace
{
    private readonly IndexMath _math;
    private readonly Shape _shape;

    private IterationSpace(ProgramBuilder program, Shape shape, List<(int First, int Count)> runs)
    {
        _math = program.Math;
        _shape = shape;
        Runs = runs;
        Extents = [.. runs.Select(r => new Shape(shape.Dims.Slice(r.First, r.Count)).ElementCount(program.Dims))];
    }

    public List<(int First, int Count)> Runs { get; }

    /// <summary>The extent of each run.</summary>
    public List<Dim> Extents { get; }

    /// <summary>
    /// Joins axes of <paramref name="shape"/> by looking at the accesses that <paramref name="write"/> makes when it is called with one loop variable
    /// an axis. Axes of extent 1 vanish.
    /// </summary>
    public static IterationSpace Of(ProgramBuilder program, LoweringGroup group, Shape shape, Action<GroupEmitter, Expr[]> write)
    {
        var axes = Enumerable.Range(0, shape.Rank).Where(a => !shape[a].Is(1)).ToList();
        var kernel = new KernelBuilder("dry", program.Dims);
        var emitter = new GroupEmitter(program, group, kernel);
        var variables = new List<Var>();
        var index = new Expr[shape.Rank];
        Array.Fill(index, ExprFactory.Int(0));
        void Nest(int depth)
        {
            if (depth == axes.Count)
            {
                write(emitter, [.. index]);
                return;
            }

            kernel.Serial(ExprFactory.Dim(shape[axes[depth]]), i =>
            {
                index[axes[depth]] = i;
                variables.Add(((VarExpr)i).Var);
                Nest(depth + 1);
            });
        }

        kernel.Parallel(program.Dims.One, _ => Nest(0));
        var joins = new bool[axes.Count];
        Array.Fill(joins, true);
        Forbid(program, kernel.Build(), variables, shape, axes, joins);
        var runs = new List<(int First, int Count)>();
        for (var i = 0; i < axes.Count; i++)
        {
            if (i > 0 && joins[i])
            {
                runs[^1] = (runs[^1].First, axes[i] - runs[^1].First + 1);
            }
            else
            {
                runs.Add((axes[i], 1));
            }
        }

        return new IterationSpace(program, shape, runs);
    }

    /// <summary>All axes as one run, whatever the accesses.</summary>
    public static IterationSpace Flat(ProgramBuilder program, Shape shape) => new(program, shape, [(0, shape.Rank)]);

    /// <summary>The index in the shape, given one index a run.</summary>
    public Expr[] Index(params ReadOnlySpan<Expr> runs)
    {
        var index = new Expr[_shape.Rank];
        Array.Fill(index, ExprFactory.Int(0));
        for (var r = 0; r < Runs.Count; r++)
        {
            var (first, count) = Runs[r];
            var part = _math.Delinearize(runs[r], new Shape(_shape.Dims.Slice(first, count)));
            part.CopyTo(index, first);
        }

        return index;
    }

    /// <summary>Clears the joins that some access does not allow: <c>joins[i]</c> is about axis i and the one before it.</summary>
    private static void Forbid(ProgramBuilder program, Kernel kernel, List<Var> variables, Shape shape, List<int> axes, bool[] joins)
    {
        void ForbidAround(Var variable)
        {
            var i = variables.IndexOf(variable);
            if (i >= 0)
            {
                joins[i] = false;
                if (i + 1 < joins.Length)
                {
                    joins[i + 1] = false;
                }
            }
        }

        void OnIndex(Expr access)
        {
            var (strides, nonlinear) = program.Math.Strides(access, variables);
            foreach (var variable in nonlinear)
            {
                ForbidAround(variable);
            }

            for (var i = 1; i < variables.Count; i++)
            {
                var inner = strides.GetValueOrDefault(variables[i], program.Dims.Zero);
                var outer = strides.GetValueOrDefault(variables[i - 1], program.Dims.Zero);
                if (!ReferenceEquals(outer, inner * shape[axes[i]]))
                {
                    joins[i] = false;
                }
            }
        }

        void OnValue(Expr value)
        {
            if (value is VarExpr read)
            {
                ForbidAround(read.Var);
            }
        }

        KernelWalker.Visit(kernel.Body, OnIndex, OnValue);
    }
}
