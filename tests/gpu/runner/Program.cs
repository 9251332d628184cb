using System.IO.Compression;
using Dlc.Gpu;
using Dlc.Runtime;

if (args.Length < 1 || args[0] is "-h" or "--help")
{
    Console.WriteLine(KitOptions.Usage);
    return 2;
}

KitOptions options;
GpuMachine machine;
try
{
    options = KitOptions.Parse(args);
    machine = CudaMachine.Open();
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (DlcRuntimeException e)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}

string folder = Directory.CreateTempSubdirectory("dlc-gpu-").FullName;
try
{
    ZipFile.ExtractToDirectory(options.Bundle, folder);
    var (passed, failed) = Kit.Run(folder, machine, options);
    Console.WriteLine($"{passed} passed, {failed} failed");
    return failed == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
