namespace Dlc.Peers;

/// <summary>Where things lie in the checkout that a test runs from.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>Compiler.sln</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">The assembly does not lie inside a checkout.</exception>
    public static string Root { get; } = FindRoot();

    /// <summary>What <c>tests/fetch</c> brought; parts of it may be missing.</summary>
    public static string Cache => Path.Combine(Root, "tests", ".cache");

    /// <summary>The npm packages that <c>tests/fetch</c> brought.</summary>
    public static string NodeModules => Path.Combine(Cache, "npm", "node_modules");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Compiler.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Compiler.sln above {AppContext.BaseDirectory}");
    }
}
