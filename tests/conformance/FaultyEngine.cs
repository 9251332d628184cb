using Dlc.Peers;

namespace Dlc.Conformance;

/// <summary>An engine that does the worst on purpose, by the name of the case's folder: the runner's own tests use it.</summary>
internal sealed class FaultyEngine : IEngine
{
    /// <inheritdoc/>
    public string Name => "faulty";

    /// <inheritdoc/>
    public IEngineModel Load(string path, int threads = 1)
    {
        switch (Path.GetFileName(Path.GetDirectoryName(path)))
        {
            case "crash":
                unsafe
                {
                    *(byte*)0x70000000000 = 1;
                }

                break;
            case "exit":
                Environment.Exit(3);
                break;
            case "hang":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "overflow":
                _ = Depth(0);
                break;
            case "print":
                Console.WriteLine("an engine that prints");
                break;
        }

        throw new UnsupportedModelException("nothing is supported\nhere");
    }

    private static int Depth(int n) => n == int.MaxValue ? 0 : Depth(n + 1) + 1;
}
