using System.Runtime.Intrinsics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// Finds x >= 0 with A x = b and c.x below a target: two-phase simplex on a dense tableau in doubles. What it finds is a proposal that its
/// caller checks in integers.
/// </summary>
internal sealed class Simplex(int rows)
{
    private const double Tolerance = 1e-9;

    private readonly List<(int[] Rows, double[] Values, double Cost, double Scale)> columns = [];

    /// <summary>Adds a column with its non-zero entries.</summary>
    public void Add(int[] at, double[] values, double cost)
    {
        // Entries of at most 1: sizes in bytes and single elements meet in one problem.
        var scale = values.Max(Math.Abs);
        columns.Add((at, [.. values.Select(value => value / scale)], cost / scale, scale));
    }

    /// <summary>A solution, as soon as one is below the target; null where the least cost is not below it.</summary>
    public double[]? Solve(ReadOnlySpan<double> right, double target)
    {
        // Columns, then one artificial a row, then the right side; the last row holds the costs.
        var (n, width) = (columns.Count, columns.Count + rows + 1);
        var tableau = new double[rows + 1][];
        for (var i = 0; i <= rows; i++)
        {
            tableau[i] = new double[width];
        }

        var basis = new int[rows];
        for (var j = 0; j < n; j++)
        {
            for (var k = 0; k < columns[j].Rows.Length; k++)
            {
                tableau[columns[j].Rows[k]][j] = columns[j].Values[k];
            }
        }

        var largest = 0.0;
        for (var i = 0; i < rows; i++)
        {
            tableau[i][width - 1] = right[i];
            largest = Math.Max(largest, Math.Abs(right[i]));
        }

        largest = Math.Max(largest, 1);
        for (var i = 0; i < rows; i++)
        {
            var row = tableau[i];
            var sign = row[width - 1] < 0 ? -1.0 : 1.0;
            row[width - 1] = sign * row[width - 1] / largest;
            for (var j = 0; j < n; j++)
            {
                row[j] *= sign;
            }

            row[n + i] = 1;
            basis[i] = n + i;
        }

        // Bounds of single monomials start in the basis where they fit, so that few artificials are left to drive out.
        for (var j = 0; j < n; j++)
        {
            if (columns[j].Rows.Length == 1 && columns[j].Rows[0] is var i && basis[i] >= n && tableau[i][j] > 0.5)
            {
                basis[i] = j;
            }
        }

        var budget = 40 + (4 * rows);
        if (!Minimize(tableau, basis, n, j => j >= n ? 1 : 0, double.NegativeInfinity, ref budget)
            || -tableau[rows][width - 1] > 1e-7)
        {
            return null;
        }

        // Artificials that are left at 0 stay there: their columns never enter again.
        Minimize(tableau, basis, n, j => j < n ? columns[j].Cost : 0, target / largest, ref budget);
        if (-tableau[rows][width - 1] >= target / largest)
        {
            return null;
        }

        var solution = new double[n];
        for (var i = 0; i < rows; i++)
        {
            if (basis[i] < n)
            {
                solution[basis[i]] = tableau[i][width - 1] * largest / columns[basis[i]].Scale;
            }
        }

        return solution;
    }

    /// <summary>Pivots until no column improves or the cost is below the target. False where the budget ran out.</summary>
    private bool Minimize(double[][] tableau, int[] basis, int n, Func<int, double> cost, double target, ref int budget)
    {
        var (objective, width) = (tableau[rows], tableau[rows].Length);
        Array.Clear(objective);
        for (var j = 0; j < width - 1; j++)
        {
            objective[j] = cost(j);
        }

        for (var i = 0; i < rows; i++)
        {
            if (cost(basis[i]) is not 0 and var own)
            {
                Subtract(objective, tableau[i], own);
            }
        }

        for (var idle = 0; -objective[width - 1] >= target; budget--)
        {
            if (budget <= 0)
            {
                return false;
            }

            // After many steps without progress the lowest index, which cannot cycle.
            var enters = -1;
            for (var j = 0; j < n; j++)
            {
                if (objective[j] < -Tolerance && (enters < 0 || objective[j] < objective[enters]))
                {
                    enters = j;
                    if (idle > 20)
                    {
                        break;
                    }
                }
            }

            if (enters < 0)
            {
                return true;
            }

            var leaves = -1;
            var least = double.PositiveInfinity;
            for (var i = 0; i < rows; i++)
            {
                var entry = tableau[i][enters];

                // An artificial at 0 leaves by any pivot, so that it never grows.
                var ratio = basis[i] >= n && tableau[i][width - 1] <= Tolerance && Math.Abs(entry) > Tolerance ? 0
                    : entry > Tolerance ? tableau[i][width - 1] / entry : double.PositiveInfinity;
                if (ratio < least - Tolerance || (ratio <= least + Tolerance && leaves >= 0 && basis[i] < basis[leaves]))
                {
                    (least, leaves) = (Math.Min(ratio, least), i);
                }
            }

            if (leaves < 0)
            {
                // Without bound: the facts contradict each other, or numbers have drifted. Either way nothing is proposed.
                return false;
            }

            idle = least > Tolerance ? 0 : idle + 1;
            Pivot(tableau, leaves, enters);
            basis[leaves] = enters;
        }

        return true;
    }

    private void Pivot(double[][] tableau, int leaves, int enters)
    {
        var row = tableau[leaves];
        var scale = 1 / row[enters];
        for (var j = 0; j < row.Length; j++)
        {
            row[j] *= scale;
        }

        for (var i = 0; i <= rows; i++)
        {
            if (i != leaves && tableau[i][enters] is not 0 and var factor)
            {
                Subtract(tableau[i], row, factor);
                tableau[i][enters] = 0;
            }
        }
    }

    private static void Subtract(double[] from, double[] row, double factor)
    {
        var scale = Vector256.Create(factor);
        var i = 0;
        for (; i <= from.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            (Vector256.Create(from, i) - (scale * Vector256.Create(row, i))).CopyTo(from, i);
        }

        for (; i < from.Length; i++)
        {
            from[i] -= factor * row[i];
        }
    }
}
