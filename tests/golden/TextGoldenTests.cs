using Dlc.IR.Text;
using Dlc.Tests.Unit.Text;
using Xunit;

namespace Dlc.Tests.Golden;

public sealed class TextGoldenTests
{
    [Fact]
    public void Dense_layer() => Golden.Check("text/dense.dlc", GraphPrinter.Print(SampleModules.Dense()));

    [Fact]
    public void Regions_and_sizes_from_data() => Golden.Check("text/regions.dlc", GraphPrinter.Print(SampleModules.Regions()));

    [Fact]
    public void Branch_with_facts_of_its_own() => Golden.Check("text/branch.dlc", GraphPrinter.Print(SampleModules.Branch()));
}
