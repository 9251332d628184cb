using System.Globalization;
using Dlc.IR.Diagnostics;
using Dlc.Passes.Training;

namespace Dlc.Compiler.Training;

/// <summary>
/// Optimizers as options write them: a name, and numbers by name in parentheses, as <c>adamw(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01)</c> or
/// <c>sgd(lr=0.1, momentum=0.9, nesterov=1, decay=0)</c>.
/// </summary>
internal static class OptimizerSpec
{
    /// <exception cref="DlcException">The text names no optimizer, or one without such a number.</exception>
    public static Optimizer Parse(string text)
    {
        var open = text.IndexOf('(');
        var name = (open < 0 ? text : text[..open]).Trim();
        if (open >= 0 && !text.EndsWith(')'))
        {
            throw Error($"the optimizer '{text}' ends without a parenthesis");
        }

        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var part in (open < 0 ? "" : text[(open + 1)..^1]).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = part.Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length != 2 || !double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                || !double.IsFinite(number) || !numbers.TryAdd(sides[0], number))
            {
                throw Error($"expected NAME=NUMBER, each name once, in the optimizer '{text}', found '{part}'");
            }
        }

        double Take(string key, double preset) => numbers.Remove(key, out var number) ? number : preset;
        Optimizer optimizer = name switch
        {
            "adamw" => new AdamW
            {
                LearningRate = Take("lr", 1e-3),
                Beta1 = Take("beta1", 0.9),
                Beta2 = Take("beta2", 0.999),
                Epsilon = Take("eps", 1e-8),
                WeightDecay = Take("decay", 0.01),
            },
            "sgd" => new Sgd
            {
                LearningRate = Take("lr", 1e-2),
                Momentum = Take("momentum", 0),
                Nesterov = Take("nesterov", 0) != 0,
                WeightDecay = Take("decay", 0),
            },
            _ => throw Error($"there is no optimizer '{name}'; there are adamw and sgd"),
        };
        return numbers.Count == 0 ? optimizer : throw Error($"{name} has no number '{numbers.Keys.Order(StringComparer.Ordinal).First()}'");
    }

    /// <summary>The optimizer as <see cref="Parse"/> reads it.</summary>
    public static string Describe(Optimizer optimizer) => optimizer switch
    {
        AdamW a => string.Create(CultureInfo.InvariantCulture, $"adamw(lr={a.LearningRate}, beta1={a.Beta1}, beta2={a.Beta2}, eps={a.Epsilon}, decay={a.WeightDecay})"),
        Sgd s => string.Create(CultureInfo.InvariantCulture, $"sgd(lr={s.LearningRate}, momentum={s.Momentum}, nesterov={(s.Nesterov ? 1 : 0)}, decay={s.WeightDecay})"),
        _ => optimizer.Name,
    };

    private static DlcException Error(string message) => new(ErrorCodes.BadOption, message);
}
