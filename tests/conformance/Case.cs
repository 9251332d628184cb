namespace Dlc.Conformance;

/// <summary>One folder in ONNX's test-data layout: <c>model.onnx</c> and <c>test_data_set_N/{input,output}_M.pb</c>.</summary>
/// <param name="Name">The last two parts of the folder's path, such as <c>node/test_abs</c>.</param>
/// <param name="Folder">Its full path.</param>
internal sealed record Case(string Name, string Folder)
{
    /// <summary>The cases at or below each of the given folders, in order of their paths.</summary>
    /// <exception cref="DirectoryNotFoundException">A folder does not exist, or holds no case.</exception>
    public static List<Case> Find(IEnumerable<string> folders)
    {
        var cases = new List<Case>();
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException($"no such folder: {folder}");
            }

            var before = cases.Count;
            var pending = new Stack<string>([Path.GetFullPath(folder)]);
            while (pending.TryPop(out var at))
            {
                if (File.Exists(Path.Combine(at, "model.onnx")))
                {
                    cases.Add(new Case($"{Path.GetFileName(Path.GetDirectoryName(at))}/{Path.GetFileName(at)}", at));
                    continue;
                }

                foreach (var child in Directory.GetDirectories(at).OrderDescending(StringComparer.Ordinal))
                {
                    pending.Push(child);
                }
            }

            if (cases.Count == before)
            {
                throw new DirectoryNotFoundException($"no case (a folder with a model.onnx) at or below {folder}");
            }
        }

        return cases;
    }
}
