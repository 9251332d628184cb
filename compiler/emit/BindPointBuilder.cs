using Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>A <see cref="BindPoint"/> under construction.</summary>
internal sealed class BindPointBuilder
{
    public List<ShapeInstruction> Instructions { get; } = [];

    public List<Guard> Guards { get; } = [];

    public BindPoint Build() => new() { Instructions = [.. Instructions], Guards = [.. Guards] };
}
