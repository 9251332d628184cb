using System.Runtime.CompilerServices;
using Xunit;

namespace Dlc.Tests.Golden;

/// <summary>Compares text with a file beside the test. With the environment variable DLC_BLESS=1 the files are written instead, to be reviewed as a diff.</summary>
internal static class Golden
{
    public static void Check(string name, string actual, [CallerFilePath] string test = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(test)!, name);
        if (Environment.GetEnvironmentVariable("DLC_BLESS") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} does not exist: run with DLC_BLESS=1 to write it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
