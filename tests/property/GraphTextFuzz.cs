using System.Text;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using Dlc.IR.Text;
using Dlc.Tests.Unit.Text;
using Xunit;

namespace Dlc.Tests.Property;

public sealed class GraphTextFuzz
{
    private static readonly string[] Words =
    [
        "module", "symbol", "fact", "guard", "likely", "outputs", "counters", "graph", "return", "from", "because", "in", "dense", "resource",
        "{", "}", "(", ")", "[", "]", "<", ">", "<=", "==", "%", "%0", "%1", "%99999999999", "#", "=", ":", ",", "+", "-", "*", "1", "0",
        "9223372036854775808", "0x7f", "1.5e3", "\"text\"", "\"\\u12\"", "\"open", "f32", "i64", "Add", "Constant", "Tensor", "N", "floordiv",
        "min", "mod", "true", "nan", "// comment", "\n", "\t", "\u00e9", "\0",
    ];

    [Fact]
    public void Damaged_text_gives_an_error_with_a_position()
    {
        var texts = new[] { GraphPrinter.Print(SampleModules.Dense()), GraphPrinter.Print(SampleModules.Regions()), GraphPrinter.Print(SampleModules.Branch()) };
        var resources = new TensorResources();
        GraphPrinter.Print(SampleModules.Dense(), resources);
        for (var seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder(texts[seed % texts.Length]);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0:
                        text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                        break;
                    case 1:
                        text.Insert(at, Words[random.Next(Words.Length)]);
                        break;
                    case 2:
                        text[at] = (char)random.Next(32, 127);
                        break;
                    default:
                        text.Length = at + 1;
                        break;
                }
            }

            Read(text.ToString(), resources, seed);
        }
    }

    [Fact]
    public void Words_in_any_order_give_an_error_with_a_position()
    {
        for (var seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder(seed % 3 == 0 ? string.Empty : "module \"m\" { ");
            for (var count = random.Next(60); count > 0; count--)
            {
                text.Append(Words[random.Next(Words.Length)]).Append(random.Next(4) == 0 ? "" : " ");
            }

            Read(text.ToString(), null, seed);
        }
    }

    [Fact]
    public void Random_dims_read_back_as_they_were()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var draw = new DimGenerator(seed, 4, negative: false);
            Dim dim;
            try
            {
                dim = draw.Draw(4).Dim;
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                continue;
            }

            if (dim.ToString().Length < 2000)
            {
                var module = GraphParser.Parse($"module \"m\" {{ graph(%0: f32[{dim}]) {{ return }} }}");
                Assert.Equal(dim.ToString(), module.Main.Inputs[0].Type.Shape[0].ToString());
            }
        }
    }

    private static void Read(string text, TensorResources? resources, int seed)
    {
        try
        {
            var module = GraphParser.Parse(text, resources);

            // What still reads is written so that it reads again.
            var printed = GraphPrinter.Print(module, resources);
            Assert.Equal(printed, GraphPrinter.Print(GraphParser.Parse(printed, resources), resources));
        }
        catch (DlcException error)
        {
            Assert.True(error.Code == ErrorCodes.BadText, $"seed {seed}: {error.Message}");
        }
    }
}
