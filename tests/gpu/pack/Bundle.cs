using System.IO.Compression;
using Dlc.Compiler;
using Dlc.Compiler.IO;
using Value = Dlc.Peers.Value;
using Dlc.Peers;
using Dlc.Runtime.Format;

namespace Dlc.Gpu.Pack;

/// <summary>The file that goes to the machine with the GPU.</summary>
internal sealed class Bundle(ZipArchive zip, string target)
{
    private readonly Lock _lock = new();

    /// <summary>Cases that are compared.</summary>
    public int Cases { get; private set; }

    /// <summary>Models that are timed.</summary>
    public int Timed { get; private set; }

    /// <summary>Cases that the processor can't do either.</summary>
    public int Left { get; private set; }

    /// <summary>Adds a model with inputs; what has to come out is what the processor computes.</summary>
    public void AddCase(string name, string path, Tolerance tolerance, Func<List<KeyValuePair<string, Value>>[]> inputs)
    {
        try
        {
            using var reference = new DlcEngine().Load(path);
            var runs = inputs().Select(i => (
                Inputs: i.Select(p => Tensor(p.Key, p.Value)).ToArray(),
                Outputs: reference.Outputs.Zip(reference.Run(i), Tensor).ToArray())).ToArray();
            var compiled = DlcCompiler.Build(path, new CompileOptions { Target = target, Threads = 1 });

            // A small share of the largest output stands for the absolute tolerance in units of the scale.
            var absolute = tolerance.OfScale ? 20 * tolerance.Absolute : tolerance.Absolute;
            WriteModel(name, compiled.Executable);
            WriteRuns($"{name}.case", stream => new BundleCase(tolerance.Relative, absolute, runs).Write(stream));
            lock (_lock)
            {
                Cases++;
            }
        }
        catch (Exception e) when (e is UnsupportedModelException or Dlc.IR.Diagnostics.DlcException or Dlc.Runtime.DlcRuntimeException or TensorFormatException
            or InvalidOperationException)
        {
            lock (_lock)
            {
                Left++;
            }
        }
    }

    /// <summary>Adds a model without its large weights.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="compiled">The model.</param>
    /// <param name="cases">What is timed, by kind: speed, varied, step.</param>
    public void AddTimed(string name, Compilation compiled, params (string Kind, SpeedCase Case)[] cases)
    {
        WriteModel($"speed/{name}", Stripped.Strip(compiled.Executable));
        foreach (var (kind, own) in cases)
        {
            WriteRuns($"speed/{name}.{kind}", own.Write);
        }

        Timed++;
    }

    /// <summary>What timed models are compiled with.</summary>
    public CompileOptions Options => new() { Target = target };

    private static BundleTensor Tensor(string name, Value value)
    {
        var tensor = value.Single;
        var type = Enum.GetValues<ScalarType>().First(t => OnnxElementTypes.Of(t) == tensor.Type);
        return new BundleTensor(name, type, tensor.Dims.ToArray(), tensor.Bytes.ToArray());
    }

    private void WriteModel(string name, ExecutableModel executable)
    {
        using var model = new MemoryStream();
        ExecutableWriter.Write(executable, model);
        WriteRuns($"{name}.dlcx", model.WriteTo);
    }

    private void WriteRuns(string name, Action<Stream> write)
    {
        lock (_lock)
        {
            using var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize).Open();
            write(entry);
        }
    }
}
