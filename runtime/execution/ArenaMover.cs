using Dlc.Runtime.Device;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Moves what is in memory to other places, within the arena or to another one, without taking more memory than there is: what is in its own or another's way
/// goes over memory outside. Nothing may be under way that uses the memory.
/// </summary>
internal sealed unsafe class ArenaMover(DeviceContext? device)
{
    /// <summary>Bytes copied.</summary>
    public long Moved { get; set; }

    /// <summary>Moves within an arena, or into one from other memory.</summary>
    /// <param name="moves">What to move: the sources do not overlap each other, nor do the targets.</param>
    /// <param name="arena">Where the offsets count from.</param>
    public void Shuffle(List<MemoryMove> moves, byte* arena)
    {
        var pending = moves.FindAll(m => m.From != arena + m.Offset);
        using var saved = new Saved(device);
        while (pending.Count > 0)
        {
            int free = pending.FindIndex(m => IsFree(m, pending, arena));
            if (free < 0)
            {
                // They wait for each other in a circle.
                free = 0;
                saved.Take(pending[0], this);
            }
            else
            {
                Copy(pending[free].From, arena + pending[free].Offset, pending[free].Bytes);
            }

            pending.RemoveAt(free);
        }

        saved.Return(arena, this);
    }

    /// <summary>Saves all outside, has the arena made anew, and brings them into it.</summary>
    /// <param name="moves">What to move.</param>
    /// <param name="remake">Frees the memory and gives the new arena.</param>
    public void Through(List<MemoryMove> moves, Func<nint> remake)
    {
        using var saved = new Saved(device);
        foreach (var move in moves)
        {
            saved.Take(move, this);
        }

        device?.Quiesce();
        saved.Return((byte*)remake(), this);
    }

    /// <summary>Copies to memory outside.</summary>
    public void Save(byte* from, byte* to, long bytes)
    {
        Moved += bytes;
        if (device is not null)
        {
            device.Download(to, from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
        }
    }

    private void Copy(byte* from, byte* to, long bytes)
    {
        Moved += bytes;
        if (device is not null)
        {
            device.Copy(to, from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
        }
    }

    private void Load(byte* from, byte* to, long bytes)
    {
        Moved += bytes;
        if (device is not null)
        {
            device.Upload(to, from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
        }
    }

    /// <summary>Whether the target is nobody's source any more; devices can't copy to where the source reaches either.</summary>
    private bool IsFree(MemoryMove move, List<MemoryMove> pending, byte* arena)
    {
        byte* to = arena + move.Offset;
        foreach (var other in pending)
        {
            bool isSelf = other.From == move.From;
            if ((!isSelf || device is not null) && to < other.From + other.Bytes && other.From < to + move.Bytes)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What waits outside.</summary>
    private sealed class Saved(DeviceContext? device) : IDisposable
    {
        private readonly List<(NativeBlock Block, long Bytes, long Offset)> _blocks = [];

        public void Take(MemoryMove move, ArenaMover mover)
        {
            var block = new NativeBlock(device is null ? null : new PinnedMemory(device.Model.Device));
            _blocks.Add((block, move.Bytes, move.Offset));
            mover.Save(move.From, block.Ensure(move.Bytes), move.Bytes);
        }

        public void Return(byte* arena, ArenaMover mover)
        {
            device?.Quiesce();
            foreach (var (block, bytes, offset) in _blocks)
            {
                mover.Load(block.Address, arena + offset, bytes);
            }

            device?.Quiesce();
        }

        public void Dispose() => _blocks.ForEach(b => b.Block.Dispose());
    }
}
