using System.Globalization;
using Antlr4.Runtime;
using Antlr4.Runtime.Atn;
using Antlr4.Runtime.Misc;
using Dlc.Ptx.Generated;

namespace Dlc.Ptx.Text;

/// <summary>Reads PTX text into functions and variables; knows the form of the text, not what instructions do.</summary>
internal sealed class ModuleReader
{
    private readonly PtxText _module = new();

    /// <summary>Reads a module.</summary>
    /// <exception cref="PtxException">The text is not of the grammar; names line and column.</exception>
    public static PtxText Read(string text)
    {
        var errors = new ErrorListener();
        var lexer = new PtxLexer(new AntlrInputStream(text));
        lexer.RemoveErrorListeners();
        lexer.AddErrorListener(errors);
        var tokens = new CommonTokenStream(lexer);
        var parser = new PtxParser(tokens);
        parser.RemoveErrorListeners();
        parser.AddErrorListener(errors);
        parser.Interpreter.PredictionMode = PredictionMode.SLL;
        var reader = new ModuleReader();
        foreach (var directive in parser.module().directive())
        {
            reader.Read(directive);
        }

        return reader._module;
    }

    private static int Integer(string text) => (int)Bits(text);

    private static long Bits(string text)
    {
        var digits = text.AsSpan().TrimEnd('U');
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? (long)ulong.Parse(digits[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : (long)ulong.Parse(digits, CultureInfo.InvariantCulture);
    }

    private static PtxOperand Number(PtxParser.NumberContext number)
    {
        string text = number.GetText();
        if (number.HEXFLOAT() is not null)
        {
            long bits = (long)ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return new(OperandKind.Immediate)
            {
                Value = bits,
                Number = text[1] is 'f' or 'F' ? ImmediateKind.Single : ImmediateKind.Double,
            };
        }

        if (number.FLOAT() is not null)
        {
            double value = double.Parse(text, CultureInfo.InvariantCulture);
            return new(OperandKind.Immediate) { Value = BitConverter.DoubleToInt64Bits(value), Number = ImmediateKind.Double };
        }

        long integer = Bits(number.INT().GetText());
        return new(OperandKind.Immediate) { Value = text[0] == '-' ? -integer : integer };
    }

    private static PtxOperand Operand(PtxParser.OperandContext context)
    {
        switch (context)
        {
            case PtxParser.NameContext name:
                string text = name.GetText();
                return new(OperandKind.Name) { Name = text.TrimStart('!'), Negated = text[0] == '!' };
            case PtxParser.PairContext pair:
                return new(OperandKind.Pair) { Parts = [.. pair.ID().Select(id => Named(id.GetText()))] };
            case PtxParser.SumContext sum:
                return Named(sum.ID().GetText()) with { Value = Bits(sum.INT().GetText()) };
            case PtxParser.ImmediateContext immediate:
                return Number(immediate.number());
            case PtxParser.VectorContext vector:
                return new(OperandKind.Vector) { Parts = [.. vector.operand().Select(Operand)] };
            case PtxParser.ListContext list:
                return new(OperandKind.List) { Parts = [.. list.ID().Select(id => Named(id.GetText()))] };
            case PtxParser.AddressContext address:
                var operands = address.operand().Select(Operand).ToArray();
                long offset = operands[0].Kind == OperandKind.Name ? operands[0].Value : 0;
                if (address.offset() is { } written)
                {
                    long value = Bits(written.INT().GetText());
                    offset += written.GetText().Contains('-') ? -value : value;
                }

                return new(OperandKind.Address) { Parts = operands, Value = offset };
            default:
                throw new InvalidOperationException($"no operand: {context.GetText()}");
        }

        static PtxOperand Named(string name) => new(OperandKind.Name) { Name = name };
    }

    private static long Count(PtxParser.ExtentContext[] extents)
    {
        long count = 1;
        foreach (var extent in extents)
        {
            if (extent.INT() is null)
            {
                return -1;
            }

            count *= Bits(extent.INT().GetText());
        }

        return count;
    }

    private static PtxVariable Parameter(PtxParser.ParameterContext context)
    {
        string type = context.type().GetText()[1..];
        int size = PtxTypes.Bytes(type);
        int alignment = context.alignment() is { } given ? Integer(given.INT().GetText()) : size;
        int pointee = context.pointer()?.alignment() is { } told ? Integer(told.INT().GetText()) : 1;
        return new("param", context.ID().GetText(), alignment, size * Count(context.extent())) { Type = type, PointeeAlignment = pointee };
    }

    private static byte[] Content(PtxParser.InitializerContext? context, int size)
    {
        var bytes = new List<byte>();
        Append(context);
        return [.. bytes];

        void Append(PtxParser.InitializerContext? part)
        {
            if (part is null)
            {
                return;
            }

            if (part.number() is { } number)
            {
                long bits = Number(number).Value;
                for (int i = 0; i < size; i++)
                {
                    bytes.Add((byte)(bits >> (8 * i)));
                }
            }
            else if (part.symbol() is { } symbol)
            {
                throw new PtxException(symbol.Start.Line, $"addresses in the content of variables are not supported: {symbol.GetText()}");
            }
            else
            {
                foreach (var inner in part.initializer())
                {
                    Append(inner);
                }
            }
        }
    }

    private static IEnumerable<PtxVariable> Variables(PtxParser.VariableContext context)
    {
        string type = context.type().GetText()[1..];
        int size = PtxTypes.Bytes(type);
        int alignment = context.alignment() is { } given ? Integer(given.INT().GetText()) : size;
        foreach (var declarator in context.declarator())
        {
            long count = Count(declarator.extent());
            yield return new(context.space().GetText()[1..], declarator.ID().GetText(), alignment, count < 0 ? -1 : count * size)
            {
                Type = type,
                HasContent = declarator.initializer() is not null,
                Content = Content(declarator.initializer(), size),
            };
        }
    }

    private void Read(PtxParser.DirectiveContext directive)
    {
        if (directive.variable() is { } variable)
        {
            _module.Variables.AddRange(Variables(variable));
        }
        else if (directive.function() is { } function)
        {
            ReadFunction(function);
        }
        else if (directive.Start.Text == ".target")
        {
            _module.Target = directive.ID(0).GetText();
        }
        else if (directive.Start.Text == ".version")
        {
            _module.Version = directive.FLOAT().GetText();
        }
    }

    private void ReadFunction(PtxParser.FunctionContext context)
    {
        var children = context.children.Select(c => c.GetText()).ToList();
        var function = new PtxFunction(context.ID().GetText(), children.Contains(".entry"), context.Start.Line);
        foreach (var group in context.parameters())
        {
            (group == context.result ? function.Results : function.Parameters).AddRange(group.parameter().Select(Parameter));
        }

        foreach (var performance in context.performance())
        {
            int[] values = [.. performance.INT().Select(i => Integer(i.GetText()))];
            switch (performance.Start.Text)
            {
                case ".maxntid":
                    function.MaximumBlock = values;
                    break;
                case ".reqntid":
                    function.RequiredBlock = values;
                    break;
            }
        }

        if (context.body() is { } body)
        {
            function.IsDefined = true;
            ReadBody(body, function);
        }

        if (function.IsDefined || !_module.Functions.ContainsKey(function.Name))
        {
            _module.Functions[function.Name] = function;
        }
    }

    private void ReadBody(PtxParser.BodyContext body, PtxFunction function)
    {
        foreach (var statement in body.statement())
        {
            int line = statement.Start.Line;
            if (statement.instruction() is { } instruction)
            {
                function.Body.Add(Instruction(instruction));
            }
            else if (statement.body() is { } inner)
            {
                ReadBody(inner, function);
            }
            else if (statement.variable() is { } variable)
            {
                foreach (var declared in Variables(variable))
                {
                    // Blocks of calls declare param0 again and again; the largest serves all.
                    var old = function.Variables.Find(v => v.Name == declared.Name);
                    if (old is null)
                    {
                        function.Variables.Add(declared);
                    }
                    else if (declared.Space != "param")
                    {
                        throw new PtxException(line, $"variable {declared.Name} is declared twice");
                    }
                    else
                    {
                        function.Variables.Remove(old);
                        function.Variables.Add(declared with
                        {
                            Bytes = Math.Max(old.Bytes, declared.Bytes),
                            Alignment = Math.Max(old.Alignment, declared.Alignment),
                        });
                    }
                }
            }
            else if (statement.register().Length != 0)
            {
                string type = statement.type().GetText()[1..];
                foreach (var register in statement.register())
                {
                    string name = register.ID().GetText();
                    if (register.INT() is { } count)
                    {
                        for (int i = 0; i < Integer(count.GetText()); i++)
                        {
                            function.Registers[name + i.ToString(CultureInfo.InvariantCulture)] = type;
                        }
                    }
                    else
                    {
                        function.Registers[name] = type;
                    }
                }
            }
            else if (statement.Start.Type == PtxLexer.ID)
            {
                var names = statement.ID().Select(id => id.GetText()).ToArray();
                function.Body.Add(new PtxInstruction(line) { Label = names[0], Targets = names[1..] });
            }
        }
    }

    private PtxInstruction Instruction(PtxParser.InstructionContext context)
    {
        string guard = context.guard()?.GetText() ?? "";
        return new PtxInstruction(context.Start.Line)
        {
            Source = context.Start.InputStream.GetText(new Interval(context.Start.StartIndex, context.Stop.StopIndex)).Replace('\t', ' '),
            Guard = guard.TrimStart('@', '!'),
            GuardNegated = guard.StartsWith("@!", StringComparison.Ordinal),
            Opcode = context.opcode().ID().GetText(),
            Modifiers = [.. context.opcode().modifier().Select(m => m.GetText()[1..])],
            Operands = [.. context.operand().Select(Operand)],
        };
    }

    private sealed class ErrorListener : IAntlrErrorListener<int>, IAntlrErrorListener<IToken>
    {
        public void SyntaxError(
            TextWriter output, IRecognizer recognizer, int offendingSymbol, int line, int column, string message, RecognitionException e) =>
            throw new PtxException(line, $"column {column + 1}: {message}");

        public void SyntaxError(
            TextWriter output, IRecognizer recognizer, IToken offendingSymbol, int line, int column, string message, RecognitionException e) =>
            throw new PtxException(line, $"column {column + 1}: {message}");
    }
}
