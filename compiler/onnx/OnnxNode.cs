using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// A node of an ONNX model while it is imported: its inputs as IR values or as known contents, its attributes (type-checked), and ways to
/// emit IR operators and to set its outputs.
/// </summary>
public sealed partial class OnnxNode
{
    private readonly NodeProto _proto;
    private readonly ImportScope _scope;
    private readonly OnnxValue?[] _inputs;

    internal OnnxNode(ImportSession session, ImportScope scope, NodeProto proto, OnnxValue?[] inputs)
    {
        Session = session;
        _scope = scope;
        _proto = proto;
        _inputs = inputs;
        Domain = ImportFrame.Domain(proto.Domain);
        Opset = scope.Frame.Opsets.GetValueOrDefault(Domain, 1);
        Origin = OriginOf(proto, scope.Frame);
        Outputs = new OnnxValue?[proto.Output.Count];
    }

    /// <summary>The operator's name.</summary>
    public string Type => _proto.OpType;

    /// <summary>The operator's domain; empty for ONNX's own.</summary>
    public string Domain { get; }

    /// <summary>The version of the domain's operator set that the model is written in.</summary>
    public long Opset { get; }

    /// <summary>The node's name, or where it has none that of its first output; within a function, after the names of the calls.</summary>
    public string Origin { get; }

    /// <summary>Inputs as written, with those that are left out in the middle.</summary>
    public int InputCount => _inputs.Length;

    /// <summary>Outputs as written, with those that nobody wants in the middle.</summary>
    public int OutputCount => Outputs.Length;

    public GraphBuilder Builder => _scope.Builder;

    public DimContext Dims => Builder.Dims;

    public Facts Facts => Builder.Facts;

    internal ImportSession Session { get; }

    internal ImportScope Scope => _scope;

    internal OnnxValue?[] Outputs { get; }

    /// <summary>Whether the input is given.</summary>
    public bool HasInput(int input) => input < _inputs.Length && _inputs[input] is not null;

    /// <summary>Whether anybody wants the output.</summary>
    public bool HasOutput(int output) => output < _proto.Output.Count && _proto.Output[output].Length > 0;

    /// <summary>The name of an output in the model; empty where nobody wants it.</summary>
    public string OutputName(int output) => output < _proto.Output.Count ? _proto.Output[output] : string.Empty;

    /// <summary>What the input is: for its contents or constant. Throws where it is left out.</summary>
    public OnnxValue Argument(int input) => AnyArgument(input) is { IsTensor: true } tensor
        ? tensor : throw Unsupported($"input {input} that is a sequence or an optional");

    /// <summary>What the input is, a sequence or optional included. Throws where it is left out.</summary>
    public OnnxValue AnyArgument(int input) => HasInput(input) ? _inputs[input]! : throw Error($"needs its input {input}, which is left out");

    /// <summary>The elements of an input that is a sequence.</summary>
    public IReadOnlyList<OnnxValue> Sequence(int input) =>
        AnyArgument(input).Items ?? throw Error($"expects a sequence as input {input}");

    /// <summary>The input as an IR value. Throws where it is left out.</summary>
    public Value Input(int input) => Argument(input).Value;

    /// <summary>The input as an IR value; null where it is left out.</summary>
    public Value? OptionalInput(int input) => HasInput(input) ? Input(input) : null;

    /// <summary>All inputs as IR values, for operators of any number of them.</summary>
    public Value[] Inputs() => [.. Enumerable.Range(0, InputCount).Select(Input)];

    /// <summary>The input's type, without making it data.</summary>
    public TensorType InputType(int input) => Argument(input).Type;

    /// <summary>The input's elements where they are known as dims and numbers, else null. Null also where it is left out.</summary>
    public SymbolicTensor? Contents(int input) => HasInput(input) ? _inputs[input]!.Contents : null;

    /// <summary>The input as numbers where they are known at compile time, else null. Null also where it is left out.</summary>
    public Tensor? Constant(int input) => HasInput(input) ? _inputs[input]!.Constant : null;

    /// <summary>Emits an operator with one output.</summary>
    public Value Emit(Op op, params ReadOnlySpan<Value> inputs) => Builder.Add(op, inputs, [Origin]);

    /// <summary>Emits an operator with any number of outputs.</summary>
    public Node EmitNode(Op op, ReadOnlySpan<Value> inputs, params ReadOnlySpan<Graph> regions) => Builder.AddNode(op, inputs, regions, [Origin]);

    /// <summary>A constant.</summary>
    public Value Emit(Tensor constant) => Builder.Add(new Constant(constant), [], [Origin]);

    /// <summary>A scalar constant; it broadcasts to everything.</summary>
    public Value Scalar(ElementType element, double value) => Emit(Tensor.Scalar(element, value));

    /// <summary>An i64 scalar that holds a dim, as data.</summary>
    public Value Scalar(Dim dim) => dim.IsConstant ? Emit(Tensor.Scalar(dim.Constant)) : Emit(new DimTensor(ElementType.Int64, [], [dim]));

    /// <summary>Sets an output; one that nobody wants is ignored.</summary>
    public void SetOutput(int output, Value value)
    {
        if (HasOutput(output))
        {
            GraphBuilder.Name(value, _proto.Output[output]);
            Outputs[output] = new OnnxValue(Builder, value);
        }
    }

    /// <summary>Sets an output whose contents are known. It becomes data only if somebody reads it as such.</summary>
    public void SetOutput(int output, SymbolicTensor contents)
    {
        if (HasOutput(output))
        {
            Outputs[output] = new OnnxValue(Builder, contents, _proto.Output[output]);
        }
    }

    /// <summary>Sets an output to a constant. It becomes data only if somebody reads it as such.</summary>
    public void SetOutput(int output, Tensor constant)
    {
        if (HasOutput(output))
        {
            Outputs[output] = new OnnxValue(Builder, constant, _proto.Output[output]);
        }
    }

    /// <summary>Sets an output to something that has a name already (Identity).</summary>
    public void SetOutput(int output, OnnxValue value)
    {
        if (HasOutput(output))
        {
            Outputs[output] = value;
        }
    }

    /// <summary>An axis from -rank to rank-1, made non-negative.</summary>
    public int Axis(long axis, int rank)
    {
        if (axis < -rank || axis >= rank)
        {
            throw Error($"axis {axis} is outside of rank {rank}");
        }

        return (int)(axis < 0 ? axis + rank : axis);
    }

    /// <summary>The model is wrong here.</summary>
    public DlcException Error(string message, string code = ErrorCodes.BadModel) => new(code, $"{Type} {message}", $"node '{Origin}'");

    /// <summary>The model is right, but this is not implemented.</summary>
    public DlcException Unsupported(string what) => new UnsupportedModelException($"{Type} ({what})", Origin);

    internal static string OriginOf(NodeProto proto, ImportFrame frame)
    {
        var name = proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? proto.OpType;
        return frame.Prefix + name;
    }
}
