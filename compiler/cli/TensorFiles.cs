using Dlc.Compiler.IO;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Cli;

/// <summary>Reads inputs from and writes outputs to files.</summary>
internal static class TensorFiles
{
    /// <summary>The tensors of <c>--input NAME=FILE</c> and <c>--inputs FILE.npz</c>, by name; checked against the model's inputs.</summary>
    public static Dictionary<string, TensorData> Read(CompiledModel model, IEnumerable<string> single, string? archive)
    {
        var result = new Dictionary<string, TensorData>(StringComparer.Ordinal);
        if (archive is not null)
        {
            foreach (var (name, tensor) in Npz.ReadFile(archive))
            {
                result[name] = Check(model, name, tensor, archive);
            }
        }

        foreach (var text in single)
        {
            // A name may hold '=' where a file's does not, and the other way round: the first split that names an input wins.
            var split = Enumerable.Range(0, text.Length).Where(i => text[i] == '=').Cast<int?>()
                .FirstOrDefault(i => model.Inputs.Any(input => input.Name == text[..i!.Value])) ?? text.IndexOf('=');
            if (split <= 0)
            {
                throw new DlcException(ErrorCodes.BadOption, $"--input expects NAME=FILE.npy or NAME=FILE.pb; found '{text}'");
            }

            var (name, file) = (text[..split], text[(split + 1)..]);
            result[name] = Check(model, name, file.EndsWith(".pb", StringComparison.OrdinalIgnoreCase) ? TensorPb.ReadFile(file) : Npy.ReadFile(file), file);
        }

        return result;
    }

    /// <summary>Writes outputs to an <c>.npz</c> file under their exact names.</summary>
    public static void Write(string path, CompiledModel model, RunBinding binding)
    {
        var tensors = new List<KeyValuePair<string, TensorData>>();
        foreach (var output in model.Outputs)
        {
            tensors.Add(KeyValuePair.Create(output.Name, new TensorData(OnnxType(output), binding.OutputDims(output.Name), Bytes(binding, output.Name))));
        }

        Npz.WriteFile(path, tensors);
    }

    /// <summary>A copy of the bytes of an output.</summary>
    public static unsafe byte[] Bytes(RunBinding binding, string output)
    {
        var data = binding.OutputData(output, out var length);
        return new ReadOnlySpan<byte>(data, checked((int)length)).ToArray();
    }

    private static TensorData Check(CompiledModel model, string name, TensorData tensor, string file)
    {
        var input = model.Inputs.FirstOrDefault(i => i.Name == name) ?? throw new DlcException(
            ErrorCodes.BadInput, $"the model has no input '{name}' (given by {file}); its inputs are {string.Join(", ", model.Inputs.Select(i => i.ToString()))}");
        if (tensor.Type != OnnxType(input))
        {
            throw new DlcException(ErrorCodes.BadInput,
                $"input '{name}' has another element type: expected {input.Type.Name()}, found {OnnxElementTypes.Name(tensor.Type)} in {file}");
        }

        return tensor;
    }

    private static DataType OnnxType(TensorInfo port) => OnnxElementTypes.Of(port.Type)
        ?? throw new DlcException(ErrorCodes.BadInput, $"'{port.Name}' is of type {port.Type.Name()}, which no file format here holds");
}
