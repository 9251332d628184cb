namespace Dlc.Tests.Unit.Autodiff;

/// <summary>One operator or small graph whose gradients are checked.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Sizes">Sizes to check at, separated by bars: <c>n=2 h=5 | n=1 h=0</c>.</param>
/// <param name="Build">Builds the graph on a check and gives its outputs.</param>
internal sealed record GradientCase(string Name, string Sizes, Func<GradientCheck, IR.Value[]> Build);
