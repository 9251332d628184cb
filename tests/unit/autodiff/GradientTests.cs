using Xunit;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>The gradients of every operator with a derivative against difference quotients, evaluated and compiled.</summary>
public sealed class GradientTests
{
    private static readonly Dictionary<string, GradientCase> Cases = OperatorGradients.All().Concat(WindowGradients.All())
        .Concat(ControlFlowGradients.All()).ToDictionary(c => c.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_is_the_difference_quotient(string name)
    {
        var seed = 0;
        foreach (var sizes in Cases[name].Sizes.Split('|'))
        {
            var check = new GradientCheck(sizes, seed++);
            check.Run(seed == 1, Cases[name].Build(check));
        }
    }
}
