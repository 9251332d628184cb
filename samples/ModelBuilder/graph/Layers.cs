using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>Layers that several networks share, each as exporters write it. Weights are scaled so that activations keep a variance near one.</summary>
internal static class Layers
{
    /// <summary><c>x [.., inputs] · W [inputs, outputs] + b</c> as MatMul and Add, the bias on the left as PyTorch writes it.</summary>
    public static string Linear(this GraphBuilder g, string x, string name, long inputs, long outputs, bool bias = true, double gain = 1)
    {
        using var _ = g.Scope(name);
        var product = g.Add("MatMul", [x, g.Weight("weight", [inputs, outputs], gain / Math.Sqrt(inputs))]);
        return bias ? g.Add("Add", [g.Weight("bias", [outputs], 0.05), product]) : product;
    }

    /// <summary>Layer normalisation over the last axis, as one node (opset 17) or decomposed into nine.</summary>
    public static string LayerNorm(this GraphBuilder g, string x, string name, long width, bool oneNode, float epsilon)
    {
        using var _ = g.Scope(name);
        var scale = g.Weight("weight", [width], 0.1, mean: 1);
        var shift = g.Weight("bias", [width], 0.05);
        if (oneNode)
        {
            return g.Add("LayerNormalization", [x, scale, shift], ("axis", -1L), ("epsilon", epsilon));
        }

        var centred = g.Add("Sub", [x, g.MeanOfLast(x)]);
        var variance = g.MeanOfLast(g.Add("Pow", [centred, g.Float(2)]));
        var deviation = g.Add("Sqrt", [g.Add("Add", [variance, g.Float(epsilon)])]);
        return g.Add("Add", [g.Add("Mul", [g.Add("Div", [centred, deviation]), scale]), shift]);
    }

    /// <summary>Root-mean-square normalisation over the last axis, as Llama's exporters decompose it.</summary>
    public static string RmsNorm(this GraphBuilder g, string x, string name, long width, float epsilon)
    {
        using var _ = g.Scope(name);
        x = g.Cast(x, g.Element, DataType.Float);
        var mean = g.MeanOfLast(g.Add("Pow", [x, g.Float(2)]));
        var root = g.Add("Sqrt", [g.Add("Add", [mean, g.Float(epsilon)])]);
        var normal = g.Cast(g.Add("Mul", [x, g.Add("Div", [g.Float(1), root])]), DataType.Float, g.Element);
        return g.Add("Mul", [g.Weight("weight", [width], 0.1, mean: 1), normal]);
    }

    /// <summary>Gelu through Erf: <c>x · (1 + erf(x / √2)) · ½</c>.</summary>
    public static string GeluErf(this GraphBuilder g, string x)
    {
        var erf = g.Add("Erf", [g.Add("Div", [x, g.Float(MathF.Sqrt(2))])]);
        return g.Add("Mul", [g.Add("Mul", [x, g.Add("Add", [erf, g.Float(1)])]), g.Float(0.5f)]);
    }

    /// <summary>GPT-2's gelu through Tanh.</summary>
    public static string GeluTanh(this GraphBuilder g, string x)
    {
        var cubic = g.Add("Mul", [g.Add("Pow", [x, g.Float(3)]), g.Float(0.044715f)]);
        var inner = g.Add("Mul", [g.Add("Add", [x, cubic]), g.Float(MathF.Sqrt(2 / MathF.PI))]);
        var right = g.Add("Add", [g.Add("Tanh", [inner]), g.Float(1)]);
        return g.Add("Mul", [g.Add("Mul", [x, g.Float(0.5f)]), right]);
    }
}
