namespace Dlc.Runtime.Format;

/// <summary>A range of bytes of a file and its checksum.</summary>
internal readonly record struct FileSection(long Offset, long Length, ulong Hash);
