namespace Dlc.Bench;

/// <summary>A measurement that an engine could not give.</summary>
internal sealed class BenchException(string message) : Exception(message);
