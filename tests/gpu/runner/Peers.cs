using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Dlc.Gpu;

/// <summary>PyTorch in a process of its own, through <c>peers.py</c>.</summary>
internal sealed class Peers(string python, string script)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>Asks for something.</summary>
    /// <param name="request">An object of JSON.</param>
    /// <returns>The answer, an object of JSON; it has <c>missing</c>, a reason, where there is nothing to tell.</returns>
    public JsonElement Ask(string request)
    {
        if (!File.Exists(script))
        {
            return Missing($"{script} is not there");
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, [script, request]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var answer = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return Missing($"{python} took more than {Patience.TotalMinutes:f0} minutes");
            }

            string? line = answer.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
            return line?.StartsWith('{') == true ? JsonDocument.Parse(line).RootElement
                : Missing($"{python} ended with {process.ExitCode}: {errors.Result.Trim().Split('\n')[^1]}");
        }
        catch (Exception e) when (e is Win32Exception or JsonException)
        {
            return Missing($"{python}: {e.Message}");
        }
    }

    /// <summary>The reason why there is no answer, or null.</summary>
    public static string? Reason(JsonElement answer) => answer.TryGetProperty("missing", out var reason) ? reason.GetString() : null;

    private static JsonElement Missing(string reason)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("missing", reason);
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }
}
