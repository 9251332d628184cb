namespace Dlc.Ptx.Machine;

/// <summary>An asynchronous copy that has been started.</summary>
/// <param name="Offset">Where in shared memory it writes.</param>
/// <param name="Bytes">How many bytes.</param>
/// <param name="Low">The first eight bytes of the data.</param>
/// <param name="High">The next eight.</param>
internal sealed record PendingCopy(long Offset, int Bytes, ulong Low, ulong High)
{
    /// <summary>The group of copies that it belongs to; -1 while none has been closed over it.</summary>
    public int Group { get; set; } = -1;
}
