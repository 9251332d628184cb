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
