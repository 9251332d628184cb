using System.Runtime.ExceptionServices;
using Antlr4.Runtime;
using Antlr4.Runtime.Atn;
using Antlr4.Runtime.Misc;
using Dlc.IR.Diagnostics;

namespace Dlc.IR.Text;

/// <summary>Reads the text that <see cref="GraphPrinter"/> writes.</summary>
public static class GraphParser
{
    /// <summary>Brackets that may be open at once.</summary>
    public const int MaximumDepth = 1000;

    /// <summary>Deeper than this the recursive-descent parser gets a stack of its own.</summary>
    private const int ShallowDepth = 32;

    private const int DeepStackBytes = 256 << 20;

    /// <summary>Makes the module that a text describes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="resources">The bytes of the tensors that the text only names.</param>
    /// <param name="file">What to call the text in errors.</param>
    /// <exception cref="DlcException">The text is not of the grammar, or says what cannot be; names line and column (from 1), what was
    /// expected and what was found.</exception>
    public static Module Parse(string text, TensorResources? resources = null, string file = "text")
    {
        var lexer = new Generated.GraphLexer(new AntlrInputStream(text));
        var errors = new ErrorListener(file);
        lexer.RemoveErrorListeners();
        lexer.AddErrorListener(errors);
        var tokens = new CommonTokenStream(lexer);
        tokens.Fill();
        var depth = Depth(tokens, file);
        Module? module = null;
        if (depth <= ShallowDepth)
        {
            return Build();
        }

        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    module = Build();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            },
            DeepStackBytes);
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return module!;

        Module Build()
        {
            var parser = new Generated.GraphParser(tokens);
            parser.RemoveErrorListeners();
            parser.AddErrorListener(errors);

            // The fast prediction suffices for what the printer writes; what it cannot decide is tried again with the full one.
            parser.Interpreter.PredictionMode = PredictionMode.SLL;
            parser.ErrorHandler = new BailErrorStrategy();
            Generated.GraphParser.ModuleContext tree;
            try
            {
                tree = parser.module();
            }
            catch (ParseCanceledException)
            {
                tokens.Seek(0);
                parser.Reset();
                parser.Interpreter.PredictionMode = PredictionMode.LL;
                parser.ErrorHandler = new DefaultErrorStrategy();
                tree = parser.module();
            }

            return new GraphReader(resources, file).Read(tree);
        }
    }

    internal static DlcException Error(string file, int line, int column, string message) =>
        new(ErrorCodes.BadText, message, $"{file}:{line}:{column + 1}");

    private static int Depth(CommonTokenStream tokens, string file)
    {
        var (depth, most) = (0, 0);
        foreach (var token in tokens.GetTokens())
        {
            depth += token.Text switch
            {
                "(" or "[" or "{" or "<" => 1,
                ")" or "]" or "}" or ">" => -1,
                _ => 0,
            };
            most = Math.Max(most, depth);
            if (depth > MaximumDepth)
            {
                throw Error(file, token.Line, token.Column, $"expected at most {MaximumDepth} brackets open at once, found another");
            }
        }

        return most;
    }

    /// <summary>Turns the first problem into an exception.</summary>
    private sealed class ErrorListener(string file) : IAntlrErrorListener<int>, IAntlrErrorListener<IToken>
    {
        public void SyntaxError(
            TextWriter output, IRecognizer recognizer, int offendingSymbol, int line, int charPositionInLine, string msg,
            RecognitionException e)
        {
            var lexer = (Lexer)recognizer;
            var rest = ((ICharStream)lexer.InputStream).GetText(Interval.Of(lexer.TokenStartCharIndex, lexer.TokenStartCharIndex));
            throw Error(file, line, charPositionInLine, $"expected a word, number or sign, found {Shown(rest)}");
        }

        public void SyntaxError(
            TextWriter output, IRecognizer recognizer, IToken offendingSymbol, int line, int charPositionInLine, string msg,
            RecognitionException e)
        {
            var parser = (Parser)recognizer;
            var expected = parser.GetExpectedTokens().ToString(parser.Vocabulary);
            var found = offendingSymbol.Type == TokenConstants.EOF ? "the end" : Shown(offendingSymbol.Text);
            throw Error(file, line, charPositionInLine, $"expected {expected}, found {found}");
        }

        private static string Shown(string found) => $"'{(found.Length > 40 ? found[..40] + "..." : found)}'";
    }
}
