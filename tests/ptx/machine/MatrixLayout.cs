namespace Dlc.Ptx.Machine;

/// <summary>
/// Which element of a matrix each lane of a warp holds for mma.sync (PTX ISA, matrix fragments). Registers of 32 bits hold as many elements as fit, the
/// first lowest. A is [M, K], B is [K, 8], C and D are [M, 8].
/// </summary>
/// <param name="Depth">K.</param>
/// <param name="ElementBits">Of an element of A and B.</param>
internal sealed record MatrixLayout(int Depth, int ElementBits)
{
    /// <summary>Rows of A, C and D.</summary>
    public const int Rows = 16;

    /// <summary>Columns of B, C and D.</summary>
    public const int Columns = 8;

    private readonly int[] _placesOfA = new int[Rows * Depth];
    private readonly int[] _placesOfB = new int[Columns * Depth];

    /// <summary>Elements of a register.</summary>
    public int PerRegister => 32 / ElementBits;

    /// <summary>Registers that hold A.</summary>
    public int RegistersOfA => Rows * Depth / 32 / PerRegister;

    /// <summary>Registers that hold B.</summary>
    public int RegistersOfB => Columns * Depth / 32 / PerRegister;

    /// <summary>Where in A, by rows, the elements of each lane lie; all elements of a lane follow one another.</summary>
    public ReadOnlySpan<int> PlacesOfA => _placesOfA;

    /// <summary>Where in B, by rows, the elements of each lane lie.</summary>
    public ReadOnlySpan<int> PlacesOfB => _placesOfB;

    /// <summary>A layout with its tables.</summary>
    public static MatrixLayout Of(int depth, int elementBits)
    {
        var layout = new MatrixLayout(depth, elementBits);
        int inA = Rows * depth / 32, inB = Columns * depth / 32;
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < inA; i++)
            {
                var (row, column) = layout.OfA(lane, i);
                layout._placesOfA[(lane * inA) + i] = (row * depth) + column;
            }

            for (int i = 0; i < inB; i++)
            {
                var (row, column) = layout.OfB(lane, i);
                layout._placesOfB[(lane * inB) + i] = (row * Columns) + column;
            }
        }

        return layout;
    }

    /// <summary>The element number <paramref name="i"/> of A in a lane.</summary>
    public (int Row, int Column) OfA(int lane, int i)
    {
        // Registers go down by eight rows first, then right by four registers' worth of columns.
        int register = i / PerRegister, inside = i % PerRegister;
        int row = (lane >> 2) + (8 * (register & 1));
        int column = ((lane & 3) * PerRegister) + inside + (4 * PerRegister * (register >> 1));
        return (row, column);
    }

    /// <summary>The element number <paramref name="i"/> of B in a lane.</summary>
    public (int Row, int Column) OfB(int lane, int i)
    {
        int register = i / PerRegister, inside = i % PerRegister;
        return (((lane & 3) * PerRegister) + inside + (4 * PerRegister * register), lane >> 2);
    }

    /// <summary>The element number <paramref name="i"/> of C and D in a lane.</summary>
    public static (int Row, int Column) OfC(int lane, int i) => ((lane >> 2) + (8 * (i >> 1)), ((lane & 3) * 2) + (i & 1));
}
