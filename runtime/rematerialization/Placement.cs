namespace Dlc.Runtime.Rematerialization;

/// <summary>From an action on, a value lies in a residence.</summary>
internal readonly record struct Placement(int Action, int Value, int Residence);
