using Dlc.Peers.Suite;
using ModelBuilder;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Bench;

/// <summary>What is timed: the models of the suite, and single matrix products with a constant right side.</summary>
internal static class BenchModels
{
    private static readonly (int Depth, int Columns)[] Products = [(768, 768), (768, 3072), (3072, 768), (384, 1536), (1024, 1024)];
    private static readonly long[] Rows = [1, 4, 16, 64, 128, 512];

    /// <summary><c>[rows, depth] · [depth, columns]</c> with rows dynamic.</summary>
    public static IReadOnlyList<SuiteModel> Gemm { get; } = [.. Products.Select(p => Product(p.Depth, p.Columns))];

    /// <summary>The models of full size and the real ones.</summary>
    public static IReadOnlyList<SuiteModel> Networks { get; } = [.. ModelSuite.Real, .. ModelSuite.Full];

    /// <summary>The model of that name.</summary>
    public static SuiteModel ByName(string name) => Gemm.Append(ModelSuite.Deep).FirstOrDefault(m => m.Name == name) ?? ModelSuite.ByName(name);

    private static SuiteModel Product(int depth, int columns)
    {
        var name = $"gemm-{depth}x{columns}";
        return ModelSuite.Custom(name, () =>
        {
            var g = new GraphBuilder(name, opset: 17, seed: 5);
            var x = g.Input("x", DataType.Float, "rows", $"{depth}");
            g.Output("y", g.Add("MatMul", [x, g.Weight("w", [depth, columns], 1 / Math.Sqrt(depth))]), DataType.Float, "rows", $"{columns}");
            return g.Finish();
        }, [.. Rows.Select(rows => new SuiteCase($"{rows}", new Dictionary<string, long> { ["rows"] = rows }, Timed: true))]);
    }
}
