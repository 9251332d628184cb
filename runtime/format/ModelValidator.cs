using System.Runtime.CompilerServices;

namespace Dlc.Runtime.Format;

/// <summary>
/// Says whether an <see cref="ExecutableModel"/> makes sense: every index in range, every slot defined once and before its use, every
/// sub-program in one place, values of the kinds that their steps need. What passes can be run without a further look.
/// </summary>
public static class ModelValidator
{
    /// <summary>Deepest nesting of If and Loop.</summary>
    public const int MaxNesting = 64;

    /// <summary>Checks a model with its code.</summary>
    /// <exception cref="DlcRuntimeException">InvalidModel, with the place.</exception>
    public static void Validate(ExecutableModel model) => Validate(model, model.Code.Length);

    /// <summary>Checks a model whose code has <paramref name="codeLength"/> bytes and lies elsewhere.</summary>
    internal static void Validate(ExecutableModel model, long codeLength)
    {
        if (model.Programs.Length == 0)
        {
            throw Invalid("there is no main program");
        }

        var tables = new TableValidator(model);
        tables.Run();
        new ProgramValidator(model, codeLength).Run();
        for (int p = 1; p < model.Programs.Length; p++)
        {
            Demand(model.Programs[p].Orders.Length == 0, $"program {p} has other orders, which only the main program may have");
        }

        foreach (int value in model.Programs[0].Evictable)
        {
            Demand((uint)value < (uint)model.Values.Length, $"a value {value} that may leave memory is not there");
        }

        foreach (int[] order in model.Programs[0].Orders)
        {
            CheckOrder(model.Programs[0].Steps, order);
            new ProgramValidator(model, codeLength, order).Run();
        }
    }

    /// <summary>Bind points are numbered as their steps stand, so that these steps keep their order among each other.</summary>
    private static void CheckOrder(Step[] steps, int[] order)
    {
        Demand(order.Length == steps.Length, $"an order of {order.Length} steps belongs to a program of {steps.Length}");
        var seen = new bool[steps.Length];
        int last = -1;
        foreach (int index in order)
        {
            Demand((uint)index < (uint)steps.Length && !seen[index], $"an order mentions step {index} twice, or one that is not there");
            seen[index] = true;
            if (steps[index] is not (LaunchStep or CopyStep))
            {
                Demand(index > last, $"an order runs step {index} before another one that binds dims");
                last = index;
            }
        }
    }

    internal static DlcRuntimeException Invalid(string message, string? expected = null, string? found = null) =>
        new(RuntimeErrors.InvalidModel, $"the executable contradicts itself: {message}", expected, found);

    /// <summary>Throws when a demand does not hold.</summary>
    internal static void Demand(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref DemandText message)
    {
        if (!holds)
        {
            throw Invalid(message.ToString());
        }
    }
}
