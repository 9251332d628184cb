// Turns sentences of any length into vectors with a BERT-like ONNX model that is compiled once:
//
//     dotnet run -c Release --project samples/ModelBuilder -- bert-tiny bert-tiny.onnx
//     dotnet run -c Release --project samples/SentenceVectors -- bert-tiny.onnx
//
// A second start finds the compiled file beside the model and needs neither the compiler nor LLVM.
using System.Diagnostics;
using System.Numerics.Tensors;
using Dlc.Compiler;
using Dlc.Runtime;

if (args is not [var path])
{
    Console.Error.WriteLine("usage: SentenceVectors MODEL.onnx (inputs input_ids, attention_mask, token_type_ids; output last_hidden_state)");
    return 2;
}

var compiledPath = Path.ChangeExtension(path, ".dlcx");
if (!File.Exists(compiledPath) || File.GetLastWriteTimeUtc(compiledPath) < File.GetLastWriteTimeUtc(path))
{
    var report = DlcCompiler.CompileToFile(path, compiledPath);
    Console.WriteLine($"compiled {report.DistinctKernels} kernels in {report.Elapsed.TotalSeconds:0.0} s");
}

using var model = CompiledModel.Load(compiledPath);
using var session = model.CreateSession();

// Token numbers as a tokenizer would give them; each sentence has its own length, which is a new shape to the model.
long[][] sentences = [[101, 7, 8, 9, 102], [101, 7, 8, 9, 10, 11, 12, 102], [101, 55, 102]];
var vectors = new List<float[]>();
foreach (var tokens in sentences)
{
    var start = Stopwatch.GetTimestamp();
    vectors.Add(Vector(tokens));
    Console.WriteLine($"{tokens.Length} tokens: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.00} ms");
}

for (var i = 1; i < vectors.Count; i++)
{
    Console.WriteLine($"similarity of sentences 0 and {i}: {TensorPrimitives.CosineSimilarity<float>(vectors[0], vectors[i]):0.000}");
}

return 0;

// The mean of the last layer over the tokens.
float[] Vector(long[] tokens)
{
    var ids = InputTensor.From(tokens, 1, tokens.Length);
    var mask = InputTensor.From(Enumerable.Repeat(1L, tokens.Length).ToArray(), 1, tokens.Length);
    var types = InputTensor.From(new long[tokens.Length], 1, tokens.Length);
    var hidden = session.Run(("input_ids", ids), ("attention_mask", mask), ("token_type_ids", types))["last_hidden_state"];
    var (elements, width) = (hidden.ToArray<float>(), (int)hidden.Dims[2]);
    var mean = new float[width];
    for (var i = 0; i < tokens.Length; i++)
    {
        TensorPrimitives.Add(mean, elements.AsSpan(i * width, width), mean);
    }

    TensorPrimitives.Divide(mean, tokens.Length, mean);
    return mean;
}
