using System.Text;
using System.Text.Json;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>
/// A memory plan as JSON, for somebody who checks it without this program: <c>{"dims": {NAME: N}, "peakBytes", "lowerBoundBytes", "weightBytes", "inputBytes",
/// "outputBytes", "inputs": [VALUE], "buffers": [{"name", "bytes", "offset", "first", "last"}], "steps": [{"index", "kind", "kernel", "origins", "reads", "writes", "drops",
/// "flops", "seconds"}]}</c>. Under a limit there are also "memoryLimit", "hostBytes" and "extraSeconds".
/// </summary>
internal static class MemoryJson
{
    /// <summary>One plan as an object, several as an array of them.</summary>
    public static string Write(IReadOnlyList<MemoryReport> reports)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            if (reports.Count == 1)
            {
                Write(json, reports[0]);
            }
            else
            {
                json.WriteStartArray();
                foreach (var report in reports)
                {
                    Write(json, report);
                }

                json.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, MemoryReport report)
    {
        json.WriteStartObject();
        json.WriteStartObject("dims");
        foreach (var (name, size) in report.Dims)
        {
            json.WriteNumber(name, size);
        }

        json.WriteEndObject();
        json.WriteNumber("peakBytes", report.PeakBytes);
        json.WriteNumber("lowerBoundBytes", report.LowerBoundBytes);
        json.WriteNumber("weightBytes", report.WeightBytes);
        json.WriteNumber("inputBytes", report.InputBytes);
        json.WriteNumber("outputBytes", report.OutputBytes);
        if (report.MemoryLimit is { } limit)
        {
            json.WriteNumber("memoryLimit", limit);
            json.WriteNumber("hostBytes", report.HostBytes);
            json.WriteNumber("extraSeconds", report.ExtraSeconds);
        }

        Names(json, "inputs", report.Inputs);
        json.WriteStartArray("buffers");
        foreach (var buffer in report.Buffers)
        {
            json.WriteStartObject();
            json.WriteString("name", buffer.Name);
            json.WriteNumber("bytes", buffer.Bytes);
            json.WriteNumber("offset", buffer.Offset);
            json.WriteNumber("first", buffer.First);
            json.WriteNumber("last", buffer.Last);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("steps");
        foreach (var step in report.Steps)
        {
            json.WriteStartObject();
            json.WriteNumber("index", step.Index);
            json.WriteString("kind", step.Kind);
            json.WriteString("kernel", step.Kernel);
            Names(json, "origins", step.Origins);
            Names(json, "reads", step.Reads);
            Names(json, "writes", step.Writes);
            Names(json, "drops", step.Drops);
            json.WriteNumber("flops", step.Flops);
            json.WriteNumber("seconds", step.Seconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Names(Utf8JsonWriter json, string property, IReadOnlyList<string> names)
    {
        json.WriteStartArray(property);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
