namespace Dlc.Runtime;

/// <summary>The memory of the host that runs under way use as their arenas. Safe from many threads.</summary>
internal sealed class ArenaClaims
{
    private readonly Lock _lock = new();
    private readonly List<(nint Start, nint End)> _claims = [];

    /// <summary>Takes memory for a run; an empty range is none.</summary>
    /// <exception cref="DlcRuntimeException">WrongLayout: a run under way uses some of it.</exception>
    public void Claim((nint Start, nint End) range)
    {
        if (range.Start >= range.End)
        {
            return;
        }

        lock (_lock)
        {
            foreach (var (start, end) in _claims)
            {
                if (range.Start < end && start < range.End)
                {
                    throw new DlcRuntimeException(
                        RuntimeErrors.WrongLayout, "the memory given for the arena is used by a run that is under way", "memory of its own for each run at once",
                        $"{Math.Min(range.End, end) - Math.Max(range.Start, start)} bytes of another");
                }
            }

            _claims.Add(range);
        }
    }

    /// <summary>Ends what <see cref="Claim"/> began.</summary>
    public void Release((nint Start, nint End) range)
    {
        if (range.Start < range.End)
        {
            lock (_lock)
            {
                _claims.Remove(range);
            }
        }
    }
}
