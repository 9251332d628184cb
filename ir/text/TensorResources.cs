using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Dlc.IR.Diagnostics;

namespace Dlc.IR.Text;

/// <summary>
/// The bytes of tensors too large to be written inline, by the hash of their content. A dump saves them beside the text; a reader gives the
/// parser what it loaded or kept.
/// </summary>
public sealed class TensorResources
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _byHash = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<Tensor, string> _hashes = [];
    private readonly string? _folder;

    /// <summary>Tensors in memory, and those in files of <paramref name="folder"/> where one is given.</summary>
    public TensorResources(string? folder = null)
    {
        _folder = folder;
    }

    /// <summary>The name of a tensor's bytes: the first 16 bytes of their SHA-256 in hexadecimal. The tensor can be found by it from now on.</summary>
    public string Add(Tensor tensor)
    {
        if (!_hashes.TryGetValue(tensor, out var hash))
        {
            hash = HashOf(tensor);
            _hashes.Add(tensor, hash);
            _byHash[hash] = tensor.Memory;
        }

        return hash;
    }

    /// <summary>The bytes with this name.</summary>
    /// <exception cref="DlcException">There are none.</exception>
    public ReadOnlyMemory<byte> Get(string hash)
    {
        if (_byHash.TryGetValue(hash, out var bytes))
        {
            return bytes;
        }

        var isName = hash.Length == 32 && hash.All(char.IsAsciiHexDigitLower);
        if (isName && _folder is not null && File.Exists(PathOf(_folder, hash)))
        {
            return _byHash[hash] = File.ReadAllBytes(PathOf(_folder, hash));
        }

        throw new DlcException(ErrorCodes.BadText, $"the tensor resource '{hash}' is not known{(_folder is null ? string.Empty : $" in '{_folder}'")}");
    }

    /// <summary>Writes every tensor to a file of its own, where it is not there yet.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (hash, bytes) in _byHash)
        {
            var path = PathOf(folder, hash);
            if (!File.Exists(path))
            {
                using var file = File.Create(path);
                file.Write(bytes.Span);
            }
        }
    }

    internal static string HashOf(Tensor tensor) => Convert.ToHexStringLower(SHA256.HashData(tensor.Bytes).AsSpan(0, 16));

    private static string PathOf(string folder, string hash) => Path.Combine(folder, hash + ".bin");
}
