using BenchmarkDotNet.Attributes;
using Dlc.Compiler;
using Dlc.Runtime;
using Google.Protobuf;
using ModelBuilder;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Bench;

/// <summary>What a run costs beside its kernels: a model of one small kernel at a known shape, at shapes that alternate, and at new ones.</summary>
[MemoryDiagnoser]
public class MicroBenchmarks
{
    private const int Longest = 1 << 16;
    private readonly float[] _memory = new float[Longest];
    private CompiledModel _model = null!;
    private Session _session = null!;
    private RunBinding _binding = null!;
    private int _length;

    /// <summary>Compiles <c>y = relu(x)</c> for <c>x</c> of any length.</summary>
    [GlobalSetup]
    public void Compile()
    {
        var g = new GraphBuilder("relu", opset: 17, seed: 1);
        var x = g.Input("x", DataType.Float, "length");
        g.Output("y", g.Add("Relu", [x]), DataType.Float, "length");
        _model = DlcCompiler.Compile(g.Finish().ToByteArray());
        _session = _model.CreateSession(new SessionOptions { Threads = 1 });
        _binding = _session.CreateBinding();
        _binding.BindInput<float>("x", _memory, [16]);
        _session.Run(_binding);
    }

    /// <summary>Frees what <see cref="Compile"/> made.</summary>
    [GlobalCleanup]
    public void Free()
    {
        _binding.Dispose();
        _session.Dispose();
        _model.Dispose();
    }

    /// <summary>A run whose plan is there.</summary>
    [Benchmark(Baseline = true)]
    public void Same_shape() => _session.Run(_binding);

    /// <summary>Two shapes in turns.</summary>
    [Benchmark]
    public void Alternating_shapes()
    {
        _length ^= 1;
        _binding.SetInputDims("x", [16 + _length]);
        _session.Run(_binding);
    }

    /// <summary>A shape that is seldom in the cache of plans.</summary>
    [Benchmark]
    public void Changing_shapes()
    {
        _length = (_length + 4099) % 60000;
        _binding.SetInputDims("x", [1 + (_length % 1024)]);
        _session.Run(_binding);
    }
}
