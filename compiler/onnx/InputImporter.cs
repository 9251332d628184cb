using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using ElementType = Dlc.IR.ElementType;
using Relation = Dlc.IR.Symbolic.Relation;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Makes the inputs of the main graph. A dim with a name is that symbol, wherever it stands; one without, or written as 0 or -1, is a symbol
/// called <c>input.axis</c>. What the user says about dims becomes guards and facts.
/// </summary>
internal sealed class InputImporter(ImportSession session, ImportScope scope, IReadOnlyList<DimSpec> specs)
{
    private readonly Dictionary<string, Dim> _dims = new(StringComparer.Ordinal);

    private Facts Facts => session.Module.Facts;

    public void Define(GraphProto graph)
    {
        var inputs = graph.Input.Where(input => !scope.Defines(input.Name)).ToList();
        var written = inputs.SelectMany(i => i.Type?.TensorType?.Shape?.Dim ?? []).Select(d => d.DimParam).ToHashSet(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            if (input.Name.Length == 0 || scope.Defines(input.Name))
            {
                throw new DlcException(ErrorCodes.BadModel, $"the model has two inputs '{input.Name}', or one without a name");
            }

            scope.Set(input.Name, Type(input, written) is { } type ? new OnnxValue(scope.Builder, scope.Builder.Input(type, input.Name)) : null);
        }

        var unknown = specs.Where(s => !_dims.ContainsKey(s.Name)).Select(s => $"'{s.Name}'").ToList();
        if (unknown.Count > 0)
        {
            var known = _dims.Count == 0 ? "it has none" : string.Join(", ", _dims.Keys.Order(StringComparer.Ordinal).Select(d => $"'{d}'"));
            throw new DlcException(ErrorCodes.BadOption, $"the model has no dim {string.Join(", ", unknown)}; its dims: {known}");
        }
    }

    /// <summary>The input's type; null where it is none that is supported, which is noted.</summary>
    private TensorType? Type(ValueInfoProto input, HashSet<string> written)
    {
        if (input.Type?.TensorType is not { } tensor)
        {
            session.AddUnsupported($"input that is {input.Type?.ValueCase.ToString() ?? "of no type"}", input.Name);
            return null;
        }

        if (OnnxTypes.ToElement((DataType)tensor.ElemType) is not { } element)
        {
            session.AddUnsupported($"input of {OnnxTypes.Name(tensor.ElemType)}", input.Name);
            return null;
        }

        if (tensor.Shape is null)
        {
            session.AddUnsupported("input without a rank", input.Name);
            return null;
        }

        var dims = tensor.Shape.Dim.Select((dim, axis) => NewDim(dim, input.Name, axis, written)).ToArray();
        return new TensorType(element, new Shape([.. dims]));
    }

    private Dim NewDim(TensorShapeProto.Types.Dimension dim, string input, int axis, HashSet<string> written)
    {
        if (dim.HasDimValue && dim.DimValue is not (0 or -1))
        {
            return dim.DimValue > 0 ? session.Module.Dims.Const(dim.DimValue)
                : throw new DlcException(ErrorCodes.BadModel, $"dim {axis} is {dim.DimValue}", $"input '{input}'");
        }

        var name = dim.DimParam;
        if (name.Length == 0)
        {
            // A name that the model itself uses for another dim is left to that dim.
            name = $"{input}.{axis}";
            while (!written.Add(name))
            {
                name += "'";
            }
        }

        var source = $"dim {axis} of input '{input}'";
        var symbol = DimExpression.Parse(name, session.Module.Dims, part => written.Contains(part) ? Named(part, source) : null) ?? Named(name, source);
        if (dim.HasDimValue && dim.DimValue == 0)
        {
            session.WrittenAsZero.Add(symbol);
        }

        return symbol;
    }

    private Dim Named(string name, string source)
    {
        if (!_dims.TryGetValue(name, out var symbol))
        {
            symbol = NewSymbol(name, source);
            _dims.Add(name, symbol);
        }

        return symbol;
    }

    private Dim NewSymbol(string name, string source)
    {
        var own = specs.Where(s => s.Name == name).ToList();
        var minimum = own.Select(s => s.Minimum).DefaultIfEmpty(0).Max();
        var maximum = own.Select(s => s.Maximum).DefaultIfEmpty(long.MaxValue).Min();
        if (minimum > maximum)
        {
            throw new DlcException(ErrorCodes.BadOption, $"no number fits all that is said of the dim '{name}'");
        }

        var dims = session.Module.Dims;
        if (minimum == maximum)
        {
            return dims.Const(minimum);
        }

        var symbol = Facts.NewDim(name, source: source);
        var said = $"said of dim '{name}'";
        if (minimum > 0)
        {
            Facts.Require(dims.Const(minimum), Relation.LessOrEqual, symbol, said);
        }

        if (maximum < long.MaxValue)
        {
            Facts.Require(symbol, Relation.LessOrEqual, dims.Const(maximum), said);
        }

        foreach (var spec in own)
        {
            if (spec.Divisor > 1)
            {
                Facts.Require(symbol, Relation.Divisible, dims.Const(spec.Divisor), said);
            }

            if (spec.Likely.Count > 0)
            {
                Facts.AssumeLikely(symbol, spec.Likely, said);
            }
        }

        return symbol;
    }
}
