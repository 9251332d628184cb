using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Dlc.Runtime.Format;

/// <summary>The 64-bit xxHash of a stream of bytes (Yann Collet's published algorithm, seed 0): a checksum against damage, not against malice.</summary>
internal sealed class XxHash64
{
    private const ulong P1 = 11400714785074694791;
    private const ulong P2 = 14029467366897019727;
    private const ulong P3 = 1609587929392839161;
    private const ulong P4 = 9650029242287828579;
    private const ulong P5 = 2870177450012600261;

    private readonly byte[] _pending = new byte[32];
    private int _pendingCount;
    private ulong _total;
    private ulong _a = unchecked(P1 + P2);
    private ulong _b = P2;
    private ulong _c;
    private ulong _d = unchecked(0 - P1);

    /// <summary>Hash of <paramref name="data"/> alone.</summary>
    public static ulong Hash(ReadOnlySpan<byte> data)
    {
        var hash = new XxHash64();
        hash.Append(data);
        return hash.Finish();
    }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        _total += (ulong)data.Length;
        if (_pendingCount > 0)
        {
            int take = Math.Min(32 - _pendingCount, data.Length);
            data[..take].CopyTo(_pending.AsSpan(_pendingCount));
            _pendingCount += take;
            data = data[take..];
            if (_pendingCount < 32)
            {
                return;
            }

            Stripes(_pending);
            _pendingCount = 0;
        }

        int whole = data.Length & ~31;
        Stripes(data[..whole]);
        data[whole..].CopyTo(_pending);
        _pendingCount = data.Length - whole;
    }

    /// <summary>The hash of everything added so far.</summary>
    public ulong Finish()
    {
        unchecked
        {
            ulong h;
            if (_total >= 32)
            {
                h = BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7)
                    + BitOperations.RotateLeft(_c, 12) + BitOperations.RotateLeft(_d, 18);
                h = Merge(h, _a);
                h = Merge(h, _b);
                h = Merge(h, _c);
                h = Merge(h, _d);
            }
            else
            {
                h = P5;
            }

            h += _total;
            var rest = _pending.AsSpan(0, _pendingCount);
            while (rest.Length >= 8)
            {
                h = (BitOperations.RotateLeft(h ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * P1) + P4;
                rest = rest[8..];
            }

            if (rest.Length >= 4)
            {
                h = (BitOperations.RotateLeft(h ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * P1), 23) * P2) + P3;
                rest = rest[4..];
            }

            foreach (byte value in rest)
            {
                h = BitOperations.RotateLeft(h ^ (value * P5), 11) * P1;
            }

            h ^= h >> 33;
            h *= P2;
            h ^= h >> 29;
            h *= P3;
            return h ^ (h >> 32);
        }
    }

    private static ulong Round(ulong lane, ulong word) => unchecked(BitOperations.RotateLeft(lane + (word * P2), 31) * P1);

    private static ulong Merge(ulong hash, ulong lane) => unchecked(((hash ^ Round(0, lane)) * P1) + P4);

    private void Stripes(ReadOnlySpan<byte> data)
    {
        // Files are little endian, and so is every machine that can run their code.
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        ulong a = _a, b = _b, c = _c, d = _d;
        for (int i = 0; i + 3 < words.Length; i += 4)
        {
            a = Round(a, words[i]);
            b = Round(b, words[i + 1]);
            c = Round(c, words[i + 2]);
            d = Round(d, words[i + 3]);
        }

        (_a, _b, _c, _d) = (a, b, c, d);
    }
}
