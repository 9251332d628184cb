namespace Dlc.IR.Symbolic;

/// <summary>
/// Finds x >= 0 with A x = b and c.x below a target. Leaves out what cannot take part, then runs <see cref="Simplex"/>.
/// </summary>
/// <param name="rows">Equations.</param>
internal sealed class LinearProgram(int rows)
{
    private readonly List<(int[] Rows, double[] Values, double Cost)> columns = [];

    /// <summary>Adds a column with its non-zero entries.</summary>
    public void Add(int[] at, double[] values, double cost) => columns.Add((at, values, cost));

    /// <summary>A solution whose cost is below the target; null where there is none.</summary>
    public double[]? Solve(double[] right, double target)
    {
        var active = new bool[columns.Count];
        Array.Fill(active, true);
        if (!Reduce(active, right))
        {
            return null;
        }

        var place = new int[rows];
        Array.Fill(place, -1);
        var used = 0;
        for (var i = 0; i < rows; i++)
        {
            place[i] = right[i] != 0 ? used++ : -1;
        }

        for (var j = 0; j < columns.Count; j++)
        {
            foreach (var row in active[j] ? columns[j].Rows : [])
            {
                place[row] = place[row] < 0 ? used++ : place[row];
            }
        }

        var simplex = new Simplex(used);
        var kept = new List<int>();
        for (var j = 0; j < columns.Count; j++)
        {
            if (active[j])
            {
                kept.Add(j);
                simplex.Add(columns[j].Rows.Select(row => place[row]).ToArray(), columns[j].Values, columns[j].Cost);
            }
        }

        var reduced = new double[used];
        for (var i = 0; i < rows; i++)
        {
            if (place[i] >= 0)
            {
                reduced[place[i]] = right[i];
            }
        }

        if (simplex.Solve(reduced, target) is not { } found)
        {
            return null;
        }

        var solution = new double[columns.Count];
        for (var k = 0; k < kept.Count; k++)
        {
            solution[kept[k]] = found[k];
        }

        return solution;
    }

    /// <summary>
    /// Columns whose entry in some row nothing can make up for are 0. False where a right side cannot be reached at all.
    /// </summary>
    private bool Reduce(bool[] active, double[] right)
    {
        var (above, below) = (new int[rows], new int[rows]);
        for (var j = 0; j < columns.Count; j++)
        {
            Count(j, 1);
        }

        for (var isChanged = true; isChanged;)
        {
            isChanged = false;
            for (var j = 0; j < columns.Count; j++)
            {
                for (var k = 0; active[j] && k < columns[j].Rows.Length; k++)
                {
                    // A sum of entries of one sign is never 0, nor of the other sign.
                    var (row, sign) = (columns[j].Rows[k], Math.Sign(columns[j].Values[k]));
                    if ((sign > 0 ? below : above)[row] == 0 && right[row] * sign <= 0)
                    {
                        active[j] = false;
                        isChanged = true;
                        Count(j, -1);
                    }
                }
            }
        }

        for (var i = 0; i < rows; i++)
        {
            if ((right[i] > 0 && above[i] == 0) || (right[i] < 0 && below[i] == 0))
            {
                return false;
            }
        }

        return true;

        void Count(int column, int change)
        {
            for (var k = 0; k < columns[column].Rows.Length; k++)
            {
                (columns[column].Values[k] > 0 ? above : below)[columns[column].Rows[k]] += change;
            }
        }
    }
}
