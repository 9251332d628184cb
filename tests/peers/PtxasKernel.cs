namespace Dlc.Peers;

/// <summary>What ptxas makes of a kernel.</summary>
/// <param name="Kernel">Its name.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SharedBytes">Bytes of shared memory that the text declares.</param>
/// <param name="StackBytes">Bytes of local memory of a thread.</param>
/// <param name="SpillStores">Bytes that are written because registers ran out.</param>
/// <param name="SpillLoads">Bytes that are read back.</param>
public sealed record PtxasKernel(string Kernel, int Registers, int SharedBytes, int StackBytes, int SpillStores, int SpillLoads);
