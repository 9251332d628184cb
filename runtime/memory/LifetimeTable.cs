namespace Dlc.Runtime.Memory;

/// <summary>First and last place (both inclusive) of buffers that share a block of memory; a buffer that nothing touches has none.</summary>
internal readonly record struct LifetimeTable(int[] Start, int[] End)
{
    public int Count => Start.Length;
}
