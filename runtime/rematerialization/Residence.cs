namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// One stay in the arena: from the action that makes it to the last one that touches it, both inclusive. A value that comes back has another;
/// values that are written in place of each other share one.
/// </summary>
/// <param name="Bytes">Its size.</param>
/// <param name="First">The action that writes it first.</param>
/// <param name="Last">The last action that touches it.</param>
internal readonly record struct Residence(long Bytes, int First, int Last);
