using System.IO.Compression;

namespace Dlc.Compiler.IO;

/// <summary>
/// NumPy's .npz archives: a zip file with one .npy entry an array. Names are kept exactly, slashes included, so an ONNX name such as
/// <c>/encoder/Add_output_0</c> is the key under which NumPy finds the array.
/// </summary>
public static class Npz
{
    // Deflate cannot do better than 258 bytes for two bits; a larger claim is a lie.
    private const long MaxDeflateRatio = 1032;

    // The earliest time that a zip entry can carry: archives of equal tensors are equal files.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads every array, in the archive's order.</summary>
    /// <exception cref="TensorFormatException">The archive or one of its arrays is damaged, or two arrays have one name.</exception>
    public static IReadOnlyList<KeyValuePair<string, TensorData>> ReadFile(string path)
    {
        var result = new List<KeyValuePair<string, TensorData>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using var file = File.OpenRead(path);
            using var archive = new ZipArchive(file, ZipArchiveMode.Read);
            foreach (var entry in archive.Entries)
            {
                var name = entry.FullName.EndsWith(".npy", StringComparison.Ordinal) ? entry.FullName[..^4] : entry.FullName;
                if (!names.Add(name))
                {
                    throw new TensorFormatException($"{path}: two arrays are called '{name}'");
                }

                using var stream = entry.Open();
                var available = Math.Min(entry.Length, Math.Min(entry.CompressedLength, file.Length) * MaxDeflateRatio);
                result.Add(new(name, Npy.Read(stream, available, $"{path}: {entry.FullName}")));
            }
        }
        catch (InvalidDataException e)
        {
            throw new TensorFormatException($"{path}: not a .npz archive that can be read ({e.Message})", e);
        }

        return result;
    }

    /// <summary>Writes arrays under their exact names.</summary>
    /// <param name="path">The file; it is replaced.</param>
    /// <param name="tensors">Names, each at most once, and tensors.</param>
    /// <param name="compress">Deflate the entries instead of storing them.</param>
    public static void WriteFile(string path, IEnumerable<KeyValuePair<string, TensorData>> tensors, bool compress = false)
    {
        using var file = File.Create(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Create);
        foreach (var (name, tensor) in tensors)
        {
            var entry = archive.CreateEntry(name + ".npy", compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = Epoch;
            using var stream = entry.Open();
            Npy.Write(stream, tensor);
        }
    }
}
