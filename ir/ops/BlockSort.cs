using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Sorts on a GPU: each line of i64 keys, no two of which are equal, in ascending order. Lines of up to <see cref="Chunk"/> keys are sorted by a block in shared
/// memory (a bitonic network). Longer ones are cut into such chunks; then the place of each key is its place in its own chunk and the number of keys of
/// each other chunk that come before it, which a binary search finds.
/// </summary>
/// <param name="c">Where kernels are written.</param>
/// <param name="lines">How many lines.</param>
/// <param name="length">Keys of each line.</param>
internal sealed class BlockSort(LoopContext c, Dim lines, Dim length)
{
    private const long LongestChunk = 2048;

    private readonly Dim _length = length;

    /// <summary>Keys that a block sorts: a power of two.</summary>
    private readonly long _chunk = ChunkOf(length);

    /// <summary>The key of an element (line, position) of the kernel that is being written; it may write statements.</summary>
    public delegate Expr KeyOf(KernelBuilder kernel, Expr line, Expr position);

    /// <summary>Takes the key that stands at a place of its sorted line.</summary>
    public delegate void Taker(KernelBuilder kernel, Expr line, Expr place, Expr key);

    /// <summary>The keys of a line that come first.</summary>
    public Dim Wanted { get; init; } = length;

    /// <summary>0 where no kernel is to run.</summary>
    public Dim When { get; init; } = length.Context.One;

    /// <summary>
    /// Writes and launches the kernels. Each kernel begins with its parameters: <paramref name="parameters"/> declares them and gives the key and what takes
    /// keys; which of the two is used depends on the kernel.
    /// </summary>
    public void Run(string name, Func<KernelBuilder, (KeyOf Key, Taker Take)> parameters)
    {
        var chunks = _length.CeilDiv(_chunk);
        var isOne = chunks.Is(1) || _length.Is(0);
        var sorted = isOne ? -1 : c.Temporary(ElementType.Int64, [lines * When, _length]);
        var k = c.NewKernel(name + "_sort");
        k.ThreadsPerItem = GpuModel.BlockThreads;
        var (key, take) = parameters(k);
        var target = isOne ? null : c.Use(k, sorted, isWritten: true);
        k.Parallel(lines * chunks * When, item =>
        {
            var (line, chunk) = chunks.Is(1) ? (item, ExprFactory.Int(0)) : c.Math.DivMod(item, chunks);
            line = k.LetWithin(line, lines, "line");
            var begin = k.Let(chunk * _chunk, "begin");
            var count = k.Let(ExprFactory.Min(ExprFactory.Dim(_length) - begin, ExprFactory.Int(_chunk)), "count");
            SortChunk(k, count, i => key(k, line, k.Let(begin + i)), (i, value) =>
            {
                if (target is null)
                {
                    k.If(ExprFactory.Less(i, ExprFactory.Dim(Wanted)), () => take(k, line, i, value));
                }
                else
                {
                    k.Store(target, (line * ExprFactory.Dim(_length)) + begin + i, value);
                }
            });
        });
        c.Launch(k, c.Dims.Const(_chunk * 16));
        if (!isOne)
        {
            Merge(name, sorted, parameters);
        }
    }

    private static long ChunkOf(Dim length)
    {
        const long shortest = 64;
        var chunk = shortest;
        while (chunk < LongestChunk && !(length.IsConstant && length.Constant <= chunk))
        {
            chunk *= 2;
        }

        return chunk;
    }

    /// <summary>Sorts up to a chunk of keys and passes them on in order; the threads of a block do it together.</summary>
    private void SortChunk(KernelBuilder k, Expr count, Func<Expr, Expr> key, Action<Expr, Expr> take)
    {
        Expr Binary(BinaryOp op, Expr a, Expr b) => ExprFactory.Binary(op, a, b);
        var one = ExprFactory.Int(1);
        var keys = k.Shared("keys", ElementType.Int64, _chunk);
        var padded = k.Declare(one, "padded");
        k.While(ExprFactory.Less(ExprFactory.Read(padded), count), () => k.Assign(padded, ExprFactory.Read(padded) * 2));
        var all = k.Let(ExprFactory.Read(padded), "all");

        // What fills the chunk up comes after all keys.
        k.Vector(all, i =>
        {
            var value = k.Declare(ExprFactory.Int(long.MaxValue), "key");
            k.If(ExprFactory.Less(i, count), () => k.Assign(value, key(i)));
            k.Store(keys, i, ExprFactory.Read(value));
        });
        k.Barrier();
        var span = k.Declare(ExprFactory.Int(2), "span");
        k.While(ExprFactory.LessOrEqual(ExprFactory.Read(span), all), () =>
        {
            var distance = k.Declare(Binary(BinaryOp.ShiftRight, ExprFactory.Read(span), one), "distance");
            k.While(ExprFactory.Less(ExprFactory.Int(0), ExprFactory.Read(distance)), () =>
            {
                var (wide, apart) = (k.Let(ExprFactory.Read(span), "wide"), k.Let(ExprFactory.Read(distance), "apart"));
                k.Vector(k.Let(Binary(BinaryOp.ShiftRight, all, one)), pair =>
                {
                    var low = k.Let((pair * 2) - Binary(BinaryOp.And, pair, apart - 1), "low");
                    var high = k.Let(low + apart, "high");
                    var (a, b) = (k.Let(ExprFactory.Load(keys, low)), k.Let(ExprFactory.Load(keys, high)));
                    var rises = ExprFactory.Equal(Binary(BinaryOp.And, low, wide), ExprFactory.Int(0));
                    var isLess = ExprFactory.Less(a, b);
                    var stays = k.Let(ExprFactory.Equal(isLess, rises), "stays");
                    k.Store(keys, low, ExprFactory.Select(stays, a, b));
                    k.Store(keys, high, ExprFactory.Select(stays, b, a));
                });
                k.Barrier();
                k.Assign(distance, Binary(BinaryOp.ShiftRight, ExprFactory.Read(distance), one));
            });
            k.Assign(span, ExprFactory.Read(span) * 2);
        });
        k.Vector(count, i => take(i, k.Let(ExprFactory.Load(keys, i))));
        k.Barrier();
    }

    /// <summary>A thread a key looks up how many keys of other chunks come before it.</summary>
    private void Merge(string name, int sorted, Func<KernelBuilder, (KeyOf Key, Taker Take)> parameters)
    {
        var k = c.NewKernel(name + "_merge");
        var (_, take) = parameters(k);
        var keys = c.Use(k, sorted, isWritten: false);
        k.Parallel(lines * _length * When, item =>
        {
            var (line, position) = c.Math.DivMod(item, _length);
            line = k.LetWithin(line, lines, "line");
            position = k.LetWithin(position, _length, "position");
            var start = k.Let(line * ExprFactory.Dim(_length), "start");
            var own = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, position, ExprFactory.Int(_chunk)), "own");
            var inChunk = k.Let(position - (own * _chunk), "place");
            k.If(ExprFactory.Less(inChunk, ExprFactory.Dim(Wanted)), () =>
            {
                var key = k.Let(ExprFactory.Load(keys, start + position), "key");
                var place = k.Declare(inChunk, "place");
                k.Serial(ExprFactory.Dim(_length.CeilDiv(_chunk)), chunk => k.If(ExprFactory.Binary(BinaryOp.NotEqual, chunk, own), () =>
                {
                    var first = k.Let(chunk * _chunk, "first");
                    var low = k.Declare(ExprFactory.Int(0), "low");
                    var high = k.Declare(ExprFactory.Min(ExprFactory.Dim(_length) - first, ExprFactory.Int(_chunk)), "high");
                    k.While(ExprFactory.Less(ExprFactory.Read(low), ExprFactory.Read(high)), () =>
                    {
                        var middle = k.Let(ExprFactory.Binary(BinaryOp.ShiftRight, ExprFactory.Read(low) + ExprFactory.Read(high), ExprFactory.Int(1)), "middle");
                        k.If(ExprFactory.Less(ExprFactory.Load(keys, start + first + middle), key), () => k.Assign(low, middle + 1),
                            () => k.Assign(high, middle));
                    });
                    k.Assign(place, ExprFactory.Read(place) + ExprFactory.Read(low));
                }));
                k.If(ExprFactory.Less(ExprFactory.Read(place), ExprFactory.Dim(Wanted)), () => take(k, line, k.Let(ExprFactory.Read(place), "to"), key));
            });
        });
        c.Launch(k, _length.CeilDiv(_chunk) * 64);
    }
}
