namespace Dlc.Runtime.Memory;

/// <summary>Has room in the arena for blocks that loops collect in, where that is planned, and makes some where it is needed.</summary>
internal unsafe interface IRoomKeeper
{
    /// <summary>What the plan has for a block.</summary>
    /// <returns>Null where there is nothing.</returns>
    byte* RoomFor(int block, out long bytes);

    /// <summary>Plans the rest of the run anew with so many bytes for a block, which is then lent them; its contents move along.</summary>
    /// <exception cref="DlcRuntimeException">MemoryLimit: there is no such plan.</exception>
    void MakeRoom(int block, long bytes);
}
