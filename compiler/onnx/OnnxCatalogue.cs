using Dlc.Compiler.Onnx.Operators;
using Dlc.Compiler.Onnx.Symbolic;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx;

/// <summary>Every ONNX operator that can be imported, and every one that is followed on known contents.</summary>
internal static class OnnxCatalogue
{
    /// <summary>Operators on data, one line each, in alphabetical order (so that two people who add some seldom meet in one line).</summary>
    private static readonly IOnnxOperator[] ImportedOperators =
    [
        new SignedOperator("Abs"),
        new UnaryOperator("Acos", new Acos()),
        new UnaryOperator("Acosh", new Acosh()),
        new AddOperator(),
        new BinaryOperator("And", new And()),
        new UnaryOperator("Asin", new Asin()),
        new UnaryOperator("Asinh", new Asinh()),
        new UnaryOperator("Atan", new Atan()),
        new UnaryOperator("Atanh", new Atanh()),
        new BatchNormalizationOperator(),
        new BitShiftOperator(),
        new BinaryOperator("BitwiseAnd", new And()),
        new UnaryOperator("BitwiseNot", new Not()),
        new BinaryOperator("BitwiseOr", new Or()),
        new BinaryOperator("BitwiseXor", new Xor()),
        new CastOperator("Cast"),
        new CastOperator("CastLike"),
        new UnaryOperator("Ceil", new Ceil()),
        new CeluOperator(),
        new ClipOperator(),
        new UnaryOperator("Cos", new Cos()),
        new UnaryOperator("Cosh", new Cosh()),
        new DequantizeLinearOperator(),
        new BinaryOperator("Div", new Div()),
        new DropoutOperator(),
        new DynamicQuantizeLinearOperator(),
        new EluOperator(),
        new BinaryOperator("Equal", new Equal()),
        new UnaryOperator("Erf", new Erf()),
        new UnaryOperator("Exp", new Exp()),
        new UnaryOperator("Floor", new Floor()),
        new GeluOperator(),
        new GemmOperator(),
        new BinaryOperator("Greater", new Less(), isSwapped: true),
        new BinaryOperator("GreaterOrEqual", new LessOrEqual(), isSwapped: true),
        new GroupNormalizationOperator(),
        new SoftmaxOperator("Hardmax"),
        new HardSigmoidOperator(),
        new HardSwishOperator(),
        new IdentityOperator(),
        new InstanceNormalizationOperator(),
        new IsInfOperator(),
        new UnaryOperator("IsNaN", new IsNaN()),
        new LayerNormalizationOperator(),
        new LeakyReluOperator(),
        new BinaryOperator("Less", new Less()),
        new BinaryOperator("LessOrEqual", new LessOrEqual()),
        new UnaryOperator("Log", new Log()),
        new SoftmaxOperator("LogSoftmax"),
        new LpNormalizationOperator(),
        new LRNOperator(),
        new MatMulOperator(),
        new MatMulIntegerOperator(),
        new VariadicOperator("Max", new Max()),
        new VariadicOperator("Mean", new Add()),
        new MeanVarianceNormalizationOperator(),
        new VariadicOperator("Min", new Min()),
        new MishOperator(),
        new ModOperator(),
        new BinaryOperator("Mul", new Mul()),
        new UnaryOperator("Neg", new Neg()),
        new UnaryOperator("Not", new Not()),
        new BinaryOperator("Or", new Or()),
        new PowOperator(),
        new PReluOperator(),
        new QLinearMatMulOperator(),
        new QuantizeLinearOperator(),
        new ReciprocalOperator(),
        new ReduceOperator("ReduceL1"),
        new ReduceOperator("ReduceL2"),
        new ReduceOperator("ReduceLogSum"),
        new ReduceOperator("ReduceLogSumExp"),
        new ReduceOperator("ReduceMax"),
        new ReduceOperator("ReduceMean"),
        new ReduceOperator("ReduceMin"),
        new ReduceOperator("ReduceProd"),
        new ReduceOperator("ReduceSum"),
        new ReduceOperator("ReduceSumSquare"),
        new ReluOperator(),
        new ReshapeOperator(),
        new RMSNormalizationOperator(),
        new UnaryOperator("Round", new Round()),
        new SeluOperator(),
        new ShrinkOperator(),
        new UnaryOperator("Sigmoid", new Sigmoid()),
        new SignedOperator("Sign"),
        new UnaryOperator("Sin", new Sin()),
        new UnaryOperator("Sinh", new Sinh()),
        new SoftmaxOperator("Softmax"),
        new SoftplusOperator(),
        new SoftsignOperator(),
        new UnaryOperator("Sqrt", new Sqrt()),
        new BinaryOperator("Sub", new Sub()),
        new VariadicOperator("Sum", new Add()),
        new SwishOperator(),
        new UnaryOperator("Tan", new Tan()),
        new UnaryOperator("Tanh", new Tanh()),
        new ThresholdedReluOperator(),
        new WhereOperator(),
        new BinaryOperator("Xor", new Xor()),
    ];

    /// <summary>Operators on known contents.</summary>
    private static readonly ISymbolicOperator[] FollowedOperators =
    [
        new ShapeOperator(),
    ];

    public static IReadOnlyDictionary<(string Domain, string Type), IOnnxOperator> Imported { get; } =
        ImportedOperators.ToDictionary(o => (o.Domain, o.Type));

    public static IReadOnlyDictionary<string, ISymbolicOperator> Followed { get; } =
        FollowedOperators.ToDictionary(o => o.Type, StringComparer.Ordinal);
}
