using System.Runtime.InteropServices;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.IO;

/// <summary>Writes files so that a crash, of the process or of the machine, leaves either the old content or the new one.</summary>
public static partial class DurableFile
{
    private const int OpenDirectory = 0x10000;

    /// <summary>
    /// Writes beside the file, flushes to the disk, takes the file's place, and flushes the folder, so that the new name is on the disk too.
    /// </summary>
    /// <exception cref="DlcException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var temporary = $"{full}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
            FlushFolder(Path.GetDirectoryName(full)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DlcException(ErrorCodes.BadFile, $"cannot write '{path}': {e.Message}", null, e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void FlushFolder(string folder)
    {
        var handle = Open(folder, OpenDirectory);
        if (handle < 0)
        {
            throw new IOException($"the folder '{folder}' cannot be opened ({Marshal.GetLastPInvokeErrorMessage()})");
        }

        try
        {
            // Some file systems know no flush of folders; their renames last by themselves.
            _ = Synchronize(handle);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
