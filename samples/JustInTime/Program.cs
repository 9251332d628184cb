// Builds a small network in code, compiles it in this process and runs it on memory of its own at batch sizes the compiler never saw:
//
//     dotnet run -c Release --project samples/JustInTime
using System.Numerics.Tensors;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;

const int Features = 64;
const int Classes = 10;

using var model = DlcCompiler.Compile(Build());
using var session = model.CreateSession();
foreach (var batch in new[] { 1, 3, 250 })
{
    var input = new float[batch * Features];
    var output = new float[batch * Classes];
    var random = new Random(batch);
    for (var i = 0; i < input.Length; i++)
    {
        input[i] = random.NextSingle();
    }

    // Reads and writes the arrays where they are.
    session.Run(new ReadOnlyTensorSpan<float>(input, [batch, Features]), new TensorSpan<float>(output, [batch, Classes]));
    Console.WriteLine($"batch {batch}: the first row sums to {TensorPrimitives.Sum<float>(output.AsSpan(0, Classes)):0.000}");
}

return;

// softmax(x * w + b) for x of shape [N, 64], N unknown.
static Module Build()
{
    var module = new Module("classifier") { OutputNames = ["probabilities"] };
    var graph = new GraphBuilder(module);
    var batch = module.Facts.NewDim("N");
    var x = graph.Input(new TensorType(ElementType.Float32, [batch, module.Dims.Const(Features)]), "x");
    var scores = graph.Add(new Add(), [graph.Add(new MatMul(ElementType.Float32), [x, Weights(graph, Features, Classes)]), Weights(graph, Classes)]);
    var powers = graph.Add(new Exp(), [graph.Add(new Sub(), [scores, graph.Add(new Reduce(ReduceKind.Max, [1]), [scores])])]);
    module.Main = graph.Build([graph.Add(new Div(), [powers, graph.Add(new Reduce(ReduceKind.Sum, [1]), [powers])])]);
    return module;
}

static Value Weights(GraphBuilder graph, params long[] shape)
{
    var random = new Random(shape.Length);
    var tensor = new Dlc.IR.Tensor(ElementType.Float32, shape);
    for (var i = 0L; i < tensor.Count; i++)
    {
        tensor.SetDouble(i, random.NextDouble() - 0.5);
    }

    return graph.Add(new Constant(tensor), []);
}
