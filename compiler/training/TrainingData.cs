using Dlc.Compiler.IO;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;

namespace Dlc.Compiler.Training;

/// <summary>
/// Batches for <see cref="TrainingSession"/>: the <c>.npz</c> files of a folder, each a batch with dims of its own, or one <c>.npz</c> file whose arrays
/// hold a sample each along their first axis. Which batch has which number follows from the data and the seed alone, so that a training that is
/// resumed goes on as if it had never stopped.
/// </summary>
internal sealed class TrainingData
{
    private readonly string[] _files;
    private readonly IReadOnlyList<KeyValuePair<string, TensorData>> _arrays;
    private readonly long _samples;
    private readonly int _batch;
    private readonly int? _seed;
    private long _epoch = -1;
    private int[] _order = [];

    private TrainingData(string[] files, IReadOnlyList<KeyValuePair<string, TensorData>> arrays, long samples, int batch, int? seed)
    {
        (_files, _arrays, _samples, _batch, _seed) = (files, arrays, samples, batch, seed);
    }

    /// <summary>Batches until all data was seen; what does not fill a batch is left out until the next shuffle.</summary>
    public long BatchesInEpoch => _files.Length > 0 ? _files.Length : _samples / _batch;

    /// <summary>Opens data.</summary>
    /// <param name="path">A folder or a file.</param>
    /// <param name="batch">Samples of a batch; for a file only.</param>
    /// <param name="seed">Order of the batches or samples, anew in each pass over the data; null for the order that they have.</param>
    /// <exception cref="DlcException">There is no data, or it is damaged.</exception>
    public static TrainingData Open(string path, int batch, int? seed)
    {
        if (Directory.Exists(path))
        {
            var files = Directory.GetFiles(path, "*.npz").Order(StringComparer.Ordinal).ToArray();
            return files.Length > 0 ? new TrainingData(files, [], 0, 0, seed) : throw new DlcException(ErrorCodes.BadFile, $"the folder '{path}' holds no .npz file");
        }

        var arrays = Read(path);
        var lengths = arrays.Select(a => a.Value.Dims.Length > 0 ? a.Value.Dims[0] : -1).Distinct().ToList();
        if (lengths is not [> 0 and var samples])
        {
            throw new DlcException(ErrorCodes.BadTensorFile,
                $"the arrays of '{path}' should all have a sample each along their first axis, found {string.Join(", ", arrays.Select(a => $"{a.Key}: {a.Value}"))}");
        }

        return new TrainingData([], arrays, samples, (int)Math.Min(batch, samples), seed);
    }

    /// <summary>The batch of a number, counted from the start of the training.</summary>
    public (string Name, TensorData Tensor)[] Batch(long number)
    {
        var (epoch, position) = Math.DivRem(number, BatchesInEpoch);
        Shuffle(epoch);
        if (_files.Length > 0)
        {
            return [.. Read(_files[_order[position]]).Select(a => (a.Key, a.Value))];
        }

        return [.. _arrays.Select(a => (a.Key, Take(a.Value, _order.AsSpan((int)position * _batch, _batch))))];
    }

    private static IReadOnlyList<KeyValuePair<string, TensorData>> Read(string path)
    {
        try
        {
            return Npz.ReadFile(path);
        }
        catch (TensorFormatException e)
        {
            throw new DlcException(ErrorCodes.BadTensorFile, e.Message, null, e);
        }
    }

    private void Shuffle(long epoch)
    {
        if (epoch == _epoch)
        {
            return;
        }

        _epoch = epoch;
        _order = [.. Enumerable.Range(0, (int)(_files.Length > 0 ? _files.Length : _samples))];
        if (_seed is { } seed)
        {
            new Random(HashCode(seed, epoch)).Shuffle(_order);
        }
    }

    /// <summary>A seed for each epoch; the runtime's own hashes differ from process to process.</summary>
    private static int HashCode(int seed, long epoch) => unchecked((int)(((ulong)seed * 0x9E3779B97F4A7C15 ^ (ulong)epoch * 0xBF58476D1CE4E5B9) >> 33));

    private static TensorData Take(TensorData array, ReadOnlySpan<int> samples)
    {
        var size = (int)(array.Bytes.Length / array.Dims[0]);
        var bytes = new byte[checked(size * samples.Length)];
        for (var i = 0; i < samples.Length; i++)
        {
            array.Bytes.Span.Slice(samples[i] * size, size).CopyTo(bytes.AsSpan(i * size));
        }

        return new TensorData(array.Type, [samples.Length, .. array.Dims[1..]], bytes);
    }
}
