namespace Dlc.IR.Ops;

/// <summary>
/// An <see cref="IIndexFunction"/> that reads each input at the output's own index, with numpy broadcasting: one input element per output
/// element at most.
/// </summary>
public interface IElementwise : IIndexFunction;
