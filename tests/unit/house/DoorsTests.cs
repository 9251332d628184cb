using System.Xml.Linq;
using Dlc.Peers;
using Xunit;

namespace Dlc.Tests.Unit.House;

/// <summary>Guards which project may reference which, and which packages each may use (docs/architecture.md, docs/dependencies.md).</summary>
public sealed class DoorsTests
{
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> Doors = new()
    {
        ["ir/Dlc.IR.csproj"] = ([], ["Antlr4.Runtime.Standard"]),
        ["passes/Dlc.Passes.csproj"] = (["ir/Dlc.IR.csproj"], []),
        ["codegen/Dlc.Codegen.csproj"] = (["ir/Dlc.IR.csproj"], []),
        ["runtime/Dlc.Runtime.csproj"] = ([], ["System.Numerics.Tensors"]),
        ["compiler/Dlc.Compiler.csproj"] = (
            ["ir/Dlc.IR.csproj", "passes/Dlc.Passes.csproj", "codegen/Dlc.Codegen.csproj", "runtime/Dlc.Runtime.csproj"],
            ["Google.Protobuf", "Grpc.Tools", "Spectre.Console", "System.CommandLine", "System.Numerics.Tensors"]),
    };

    // The model builder makes the files that other samples start from.
    private static readonly string[] SampleProjects =
        ["compiler/Dlc.Compiler.csproj", "runtime/Dlc.Runtime.csproj", "samples/ModelBuilder/ModelBuilder.csproj"];

    public static TheoryData<string> Projects() => [.. ProjectPaths()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_opens_no_door_that_the_plan_does_not_have(string project)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, project))!;
        var file = XDocument.Load(Path.Combine(Repository.Root, project));
        var projects = Includes(file, "ProjectReference").Select(p => Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, p))));
        var packages = Includes(file, "PackageReference");
        if (project.StartsWith("tests/", StringComparison.Ordinal))
        {
            return;
        }

        if (project.StartsWith("samples/", StringComparison.Ordinal))
        {
            Assert.Empty(projects.Except(SampleProjects));
            Assert.Empty(packages);
            return;
        }

        Assert.True(Doors.TryGetValue(project, out var granted), $"{project} is a new room: add its doors to this test and to docs/architecture.md");
        Assert.Empty(projects.Except(granted.Projects));
        Assert.Empty(packages.Except(granted.Packages));
    }

    [Fact]
    public void Every_room_of_the_plan_exists() => Assert.Subset(ProjectPaths().ToHashSet(), Doors.Keys.ToHashSet());

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Compiler.sln")).Replace('\\', '/');
        Assert.All(ProjectPaths(), project => Assert.Contains($"\"{project}\"", solution));
    }

    [Fact]
    public void Package_versions_are_named_in_one_place()
    {
        var central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var pinned = Includes(central, "PackageVersion").ToHashSet();
        foreach (var path in Sources("*.csproj"))
        {
            var references = XDocument.Load(path).Descendants("PackageReference").ToList();
            Assert.All(references, reference => Assert.Null(reference.Attribute("Version")));
            Assert.All(references, reference => Assert.Contains((string)reference.Attribute("Include")!, pinned));
        }
    }

    [Fact]
    public void Every_pinned_package_is_explained()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "dependencies.md"));
        var central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var pinned = central.Descendants("PackageVersion").Select(p => $"{(string)p.Attribute("Include")!} {(string)p.Attribute("Version")!}");
        Assert.All(pinned, text => Assert.Contains(text, page));
    }

    private static IEnumerable<string> ProjectPaths() =>
        Sources("*.csproj").Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'));

    private static IEnumerable<string> Includes(XDocument file, string element) =>
        file.Descendants(element).Select(e => ((string)e.Attribute("Include")!).Replace('\\', '/'));

    // What the build makes and what tests fetch may hold project files of others.
    private static IEnumerable<string> Sources(string pattern)
    {
        var pending = new Stack<string>([Repository.Root]);
        while (pending.TryPop(out var folder))
        {
            foreach (var child in Directory.GetDirectories(folder))
            {
                if (Path.GetFileName(child) is not ("bin" or "obj" or "node_modules" or "artifacts") && !Path.GetFileName(child).StartsWith('.'))
                {
                    pending.Push(child);
                }
            }

            foreach (var file in Directory.GetFiles(folder, pattern))
            {
                yield return file;
            }
        }
    }
}
