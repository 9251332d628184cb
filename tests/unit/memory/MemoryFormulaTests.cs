using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Dlc.Compiler.Cli;
using Dlc.Compiler.Memory;
using Dlc.IR.Symbolic;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Memory;

/// <summary>The formula of a model's memory, its plans and what is exported of them say the same.</summary>
public sealed class MemoryFormulaTests
{
    private static readonly long[] Sizes = [0, 1, 2, 3, 7, 16, 65, 300];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void The_formula_is_the_lower_bound_of_every_plan(int seed)
    {
        using var model = RandomModel.Compile(seed);
        var formula = MemoryFormula.Of(model);
        foreach (var dims in Sizes.SelectMany(a => Sizes.Select(b => new Dictionary<string, long> { ["a"] = a, ["b"] = b })))
        {
            foreach (var threads in (int[])[1, 3])
            {
                var report = model.MemoryFor(dims, new MemoryQuery { Threads = threads });
                var bytes = formula.Evaluate(report.Order, report.Dims, threads);
                if (threads == 1 && !dims.ContainsValue(0))
                {
                    Assert.Equal(report.LowerBoundBytes, bytes);
                }
                else if (!formula.NotEmpty.Any(s => dims[s] == 0))
                {
                    Assert.True(bytes >= report.LowerBoundBytes, $"{bytes} bytes by the formula, {report.LowerBoundBytes} by the plan");
                }

                using var json = JsonDocument.Parse(MemoryJson.Write([report]));
                Assert.Null(PlanChecker.Problem(json.RootElement));
            }
        }
    }

    [Fact]
    public void A_wrong_plan_is_told_from_a_right_one()
    {
        using var model = RandomModel.Compile(3);
        var text = MemoryJson.Write([model.MemoryFor(new Dictionary<string, long> { ["a"] = 4, ["b"] = 8 })]);
        (string What, Action<JsonNode> Harm)[] harms =
        [
            ("peak", p => p["peakBytes"] = p["peakBytes"]!.GetValue<long>() + 64),
            ("bound", p => p["lowerBoundBytes"] = p["lowerBoundBytes"]!.GetValue<long>() - 64),
            ("overlap", p => p["buffers"]!.AsArray().ToList().ForEach(b => b!["offset"] = 0)),
            ("life", p => p["buffers"]![0]!["last"] = p["buffers"]![0]!["last"]!.GetValue<int>() + 1),
            ("drop", p => p["steps"]!.AsArray().ToList().ForEach(s => s!["drops"] = new JsonArray())),
            ("input", p => p["inputs"] = new JsonArray()),
            ("write", p => p["steps"]![0]!["writes"] = new JsonArray()),
            ("name", p => p["buffers"]![0]!.AsObject().Remove("name")),
        ];
        foreach (var (what, harm) in harms)
        {
            var plan = JsonNode.Parse(text)!;
            harm(plan);
            using var json = JsonDocument.Parse(plan.ToJsonString());
            Assert.True(PlanChecker.Problem(json.RootElement) is not null, $"a wrong {what} passes");
        }
    }

    [Fact]
    public void The_picture_shows_every_buffer_within_its_frame()
    {
        using var model = RandomModel.Compile(5);
        var reports = Sizes.Skip(1).Select(a => model.MemoryFor(new Dictionary<string, long> { ["a"] = a, ["b"] = 9 })).ToList();
        var picture = XDocument.Parse(MemoryPicture.Draw(reports)).Root!;
        XNamespace svg = "http://www.w3.org/2000/svg";
        var panels = picture.Elements(svg + "g").ToList();
        Assert.Equal(reports.Count, panels.Count);
        foreach (var (panel, report) in panels.Zip(reports))
        {
            var rectangles = panel.Elements(svg + "g").Select(g => g.Element(svg + "rect")!).ToList();
            Assert.Equal(report.Buffers.Count, rectangles.Count);
            var frame = panel.Elements(svg + "rect").First(r => (string)r.Attribute("fill")! == "none");
            Assert.All(rectangles, r => Assert.InRange(
                (double)r.Attribute("y")! + (double)r.Attribute("height")!, (double)frame.Attribute("y")!, (double)frame.Attribute("y")! + (double)frame.Attribute("height")! + 0.02));
        }
    }

    [Fact]
    public void Formulas_read_as_people_write_them()
    {
        var dims = new DimContext();
        var (n, h) = (dims.Symbol("n"), dims.Symbol("some.long.name"));
        var half = (h + 1).FloorDiv(2);
        var text = new FormulaText([Piece((n * n * half * 4) - half + (3 * h.FloorDiv(n)), (n * 12, 2), (n, 1))]);
        Assert.Equal([new("A", "some.long.name"), new("B", "ceil(A/2)")], text.Definitions);
        Assert.Equal("4*n^2*B - B + 3*floor(A/n) + 2*ceil64(12*n) + ceil64(n)", text.Print(Piece((n * n * half * 4) - half + (3 * h.FloorDiv(n)), (n * 12, 2), (n, 1))));
        Assert.Equal("0", text.Print(Piece(dims.Zero)));

        FormulaPiece Piece(Dim whole, params (Dim Bytes, int Count)[] odd) =>
            new() { Bytes = whole, Whole = whole, Odd = [.. odd.Select(o => KeyValuePair.Create(o.Bytes, o.Count))], Step = 0 };
    }
}
