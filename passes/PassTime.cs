namespace Dlc.Passes;

/// <summary>How long the runs of a pass took together.</summary>
/// <param name="Pass">Its name.</param>
/// <param name="Runs">How often it ran.</param>
/// <param name="Changes">How many of the runs changed the graph.</param>
/// <param name="Elapsed">Wall time of all runs, verification not included.</param>
public sealed record PassTime(string Pass, int Runs, int Changes, TimeSpan Elapsed);
