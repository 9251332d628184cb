namespace Dlc.Ptx.Text;

/// <summary>A variable or parameter in memory.</summary>
/// <param name="Space">global, shared, local, const or param.</param>
/// <param name="Name">Its name.</param>
/// <param name="Alignment">Bytes.</param>
/// <param name="Bytes">Size; -1 where the text leaves it open (dynamic shared memory).</param>
internal sealed record PtxVariable(string Space, string Name, int Alignment, long Bytes)
{
    /// <summary>The first bytes of its content; what is missing is zero.</summary>
    public byte[] Content { get; init; } = [];

    /// <summary>What the address that a parameter holds is a multiple of; 1 where the text does not say.</summary>
    public int PointeeAlignment { get; init; } = 1;

    /// <summary>The element type as written, without its dot.</summary>
    public string Type { get; init; } = "";

    /// <summary>Whether the text gives a content.</summary>
    public bool HasContent { get; init; }
}
