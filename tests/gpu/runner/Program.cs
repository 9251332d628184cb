using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Dlc.Gpu;
using Dlc.Runtime;
using Dlc.Runtime.Cuda;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length < 1 || args[0] is "-h" or "--help")
{
    Console.WriteLine("dlc-gpu BUNDLE.zip [only GROUP]: checks and times compiled models on the first GPU; the last line is 'N passed, N failed'");
    return 2;
}

string only = args.Length > 2 && args[1] == "only" ? args[2] : "";
CudaDevice device;
try
{
    device = CudaDevice.Default;
}
catch (DlcRuntimeException e)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}

Console.WriteLine($"device {device.Name}, sm_{device.Capability}, {device.TotalBytes >> 20} MiB; {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC");
string folder = Directory.CreateTempSubdirectory("dlc-gpu-").FullName;
try
{
    ZipFile.ExtractToDirectory(args[0], folder);
    var (passed, failed) = (0, 0);
    var watch = Stopwatch.StartNew();
    foreach (string file in Directory.GetFiles(folder, "*.case", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
    {
        string name = Path.ChangeExtension(Path.GetRelativePath(folder, file), null);
        if (only.Length > 0 && !name.StartsWith(only, StringComparison.Ordinal))
        {
            continue;
        }

        string? problem = Conformance.Problem(file, device);
        if (problem is null)
        {
            passed++;
        }
        else
        {
            failed++;
            Console.WriteLine($"fail {name}: {problem}");
        }
    }

    Console.WriteLine($"checked in {watch.Elapsed.TotalSeconds:f1} s: {passed} passed, {failed} failed");
    if (only.Length == 0 || only == "speed")
    {
        failed += Speed.Run(folder, device);
    }

    Console.WriteLine($"{passed} passed, {failed} failed");
    return failed == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
