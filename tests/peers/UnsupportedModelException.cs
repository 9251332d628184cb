namespace Dlc.Peers;

/// <summary>A model needs something that an engine does not have; the message says what.</summary>
public sealed class UnsupportedModelException(string message, Exception? inner = null) : Exception(message, inner);
