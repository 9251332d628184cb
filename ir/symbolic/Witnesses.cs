using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// Bindings of the symbols that satisfy every fact. A claim that fails for one of them is not proved, whatever is tried: most questions that
/// have no answer end here, and the search for a proof leaves out what one of them refutes. They never make anything true.
/// </summary>
internal sealed class Witnesses
{
    /// <summary>With so many, making new ones is not worth the time.</summary>
    private const int Enough = 16;

    private const int RoundsToVary = 12;

    /// <summary>Lanes that start from values of their own; the others are variations of them.</summary>
    private const uint Bases = 0x7ff;

    /// <summary>Lanes that rather raise than lower a symbol to satisfy a fact.</summary>
    private const uint Raising = 0x55555555;

    private readonly Rewriter rewriter;
    private readonly Bounds bounds;
    private readonly WitnessNetwork network;

    /// <summary>Facts that each lane is known to satisfy: those before this one.</summary>
    private readonly int[] verified = new int[LaneMath.Count];

    /// <summary>How often each lane failed to be mended, and the number of facts from which on it is tried again.</summary>
    private readonly (int Failures, int NextTry)[] tries = new (int, int)[LaneMath.Count];

    private int credit = 64;
    private int checkedFacts;
    private uint alive = LaneMath.All;
    private long debt;
    private long price;

    public Witnesses(Rewriter rewriter, Bounds bounds)
    {
        (this.rewriter, this.bounds) = (rewriter, bounds);
        Values = new WitnessValues(rewriter, bounds);
        network = new WitnessNetwork(Values, rewriter, bounds);
    }

    /// <summary>The lanes that satisfy all facts.</summary>
    public uint Alive => alive;

    /// <summary>The values that they give.</summary>
    public WitnessValues Values { get; }

    /// <summary>One more fact that all witnesses have to satisfy.</summary>
    public void Learn(Fact fact) => network.Add(fact);

    /// <summary>Work that witnesses might have saved: pays for making new ones.</summary>
    public void Charge(long amount) => debt += amount;

    /// <summary>Drops witnesses that new facts refute, and mends them where too few are left and the time that takes is earned.</summary>
    public void Update()
    {
        var constraints = network.Constraints;
        for (; checkedFacts < constraints.Count && alive != 0; checkedFacts++)
        {
            var refuted = alive & ~Values.Satisfied(constraints[checkedFacts]);
            alive &= ~refuted;
            for (; refuted != 0; refuted &= refuted - 1)
            {
                verified[BitOperations.TrailingZeroCount(refuted)] = checkedFacts;
            }
        }

        checkedFacts = constraints.Count;
        if (BitOperations.PopCount(alive) >= Enough || debt < price)
        {
            return;
        }

        var before = network.Work;
        var wanted = 0u;
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            wanted |= (alive & (1u << lane)) == 0 && tries[lane].NextTry <= constraints.Count ? 1u << lane : 0;
        }

        var old = alive;
        alive |= Mend(wanted & Bases);
        for (var rest = wanted & Bases & ~alive; rest != 0; rest &= rest - 1)
        {
            // At most once as the facts double.
            var lane = BitOperations.TrailingZeroCount(rest);
            tries[lane] = (tries[lane].Failures + 1, 2 * constraints.Count);
        }

        if (alive != 0 && Values.Symbols.Count > 0)
        {
            Vary(wanted & ~Bases, alive);
            alive |= wanted & ~Bases;
        }

        Values.Change();
        price = network.Work - before + (RoundsToVary * (Values.Symbols.Count + 20));
        debt = 0;
    }

    /// <summary>Looks for a witness that makes a form negative.</summary>
    public bool Refute(LinearForm form)
    {
        if (form.Combine(-1, form, 0)?.Shift(-1) is not { } opposite)
        {
            return false;
        }

        if (alive == 0)
        {
            return false;
        }

        // Where the facts leave little room it is seldom worth the time.
        credit--;
        if (credit < 0 && credit % 16 != 0)
        {
            return false;
        }

        // The lane that is nearest to it has the shortest way.
        Span<double> values = stackalloc double[LaneMath.Count];
        Values.Evaluate(form, values);
        var nearest = -1;
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            if ((alive & (1u << lane)) != 0 && !double.IsNaN(values[lane]) && (nearest < 0 || values[lane] < values[nearest]))
            {
                nearest = lane;
            }
        }

        if (nearest < 0 || !network.Reach(nearest, opposite))
        {
            return false;
        }

        credit = Math.Min(Math.Max(credit, 0) + 8, 64);
        Values.Change();
        return true;
    }

    /// <summary>Makes lanes satisfy the facts, as far as that is found.</summary>
    private uint Mend(uint wanted)
    {
        var mended = Repair(wanted);
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            if (((wanted & ~mended) & (1u << lane)) != 0)
            {
                // From the start, with other values.
                verified[lane] = 0;
                foreach (var symbol in Values.Symbols)
                {
                    Values.Writable(symbol)[lane] = WitnessSeed.Start(symbol, rewriter.Step(symbol), bounds.Of(symbol), lane, tries[lane].Failures + 1);
                }
            }
        }

        Values.Change();
        return mended | Repair(wanted & ~mended);
    }

    private uint Repair(uint wanted)
    {
        var first = network.Constraints.Count;
        for (var left = wanted; left != 0; left &= left - 1)
        {
            first = Math.Min(first, verified[BitOperations.TrailingZeroCount(left)]);
        }

        var mended = wanted == 0 ? 0 : network.Repair(wanted, Raising, network.Constraints.Skip(first));
        Values.Change();
        return mended;
    }

    /// <summary>
    /// Makes lanes differ: each becomes a copy of one that satisfies the facts, in which a few symbols, drawn at random, are raised; what depends on
    /// them follows. A lane for which that fails stays a copy.
    /// </summary>
    private void Vary(uint wanted, uint good)
    {
        var sources = Enumerable.Range(0, LaneMath.Count).Where(lane => (good & (1u << lane)) != 0).ToList();
        var targets = Enumerable.Range(0, LaneMath.Count).Where(lane => (wanted & (1u << lane)) != 0).ToList();
        foreach (var symbol in Values.Symbols)
        {
            var own = Values.Writable(symbol);
            var old = own.AsSpan().ToArray();
            foreach (var lane in targets)
            {
                own[lane] = old[sources[lane % sources.Count]];
            }
        }

        Values.Change();
        var before = Values.Symbols.Select(symbol => Values.Writable(symbol).AsSpan().ToArray()).ToList();
        for (var round = 0; round < RoundsToVary; round++)
        {
            var suspects = new List<WitnessConstraint>();
            foreach (var lane in targets)
            {
                var random = WitnessSeed.Mix(((ulong)lane << 32) + ((ulong)round << 8) + (ulong)network.Constraints.Count);
                var symbol = Values.Symbols[(int)(random % (ulong)Values.Symbols.Count)];
                var raised = Values.Writable(symbol)[lane] + (rewriter.Step(symbol) * (double)(1UL << (int)((random >> 40) % 8)));
                if (raised <= bounds.Of(symbol).Maximum)
                {
                    suspects.AddRange(network.Set(symbol, lane, raised));
                }
            }

            Values.Change();
            var varied = network.Repair(wanted, LaneMath.All, suspects);
            Values.Change();
            for (var i = 0; i < Values.Symbols.Count; i++)
            {
                var own = Values.Writable(Values.Symbols[i]);
                foreach (var lane in targets)
                {
                    own[lane] = before[i][lane] = (varied & (1u << lane)) != 0 ? own[lane] : before[i][lane];
                }
            }
        }
    }
}
