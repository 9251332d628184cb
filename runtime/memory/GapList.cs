namespace Dlc.Runtime.Memory;

/// <summary>Free ranges below the top of a growing block, sorted by offset; taking is best fit.</summary>
internal sealed class GapList
{
    private readonly List<(long Offset, long Size)> _gaps = [];
    private long _top;

    /// <summary>The highest top so far: the size of the block.</summary>
    public long Peak { get; private set; }

    /// <summary>Offset of a range of <paramref name="size"/> bytes: of the smallest gap that holds it, else at the top.</summary>
    public long Take(long size)
    {
        int best = -1;
        for (int i = 0; i < _gaps.Count; i++)
        {
            if (_gaps[i].Size >= size && (best < 0 || _gaps[i].Size < _gaps[best].Size))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            long offset = _top;
            _top = checked(_top + size);
            Peak = Math.Max(Peak, _top);
            return offset;
        }

        var gap = _gaps[best];
        if (gap.Size == size)
        {
            _gaps.RemoveAt(best);
        }
        else
        {
            _gaps[best] = (gap.Offset + size, gap.Size - size);
        }

        return gap.Offset;
    }

    /// <summary>Gives a taken range back.</summary>
    public void Free(long offset, long size)
    {
        int low = 0;
        int high = _gaps.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_gaps[middle].Offset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low < _gaps.Count && _gaps[low].Offset == offset + size)
        {
            size += _gaps[low].Size;
            _gaps.RemoveAt(low);
        }

        if (low > 0 && _gaps[low - 1].Offset + _gaps[low - 1].Size == offset)
        {
            low--;
            offset = _gaps[low].Offset;
            size += _gaps[low].Size;
            _gaps.RemoveAt(low);
        }

        if (offset + size == _top)
        {
            _top = offset;
        }
        else
        {
            _gaps.Insert(low, (offset, size));
        }
    }
}
