namespace Dlc.Runtime.Format;

/// <summary>One instruction of the shape program: <c>slots[Target] = Op(slots[A], slots[B], slots[C])</c>, or the immediate.</summary>
/// <param name="Op">What is computed.</param>
/// <param name="Target">Slot that is defined; a slot is defined by exactly one instruction or binding.</param>
/// <param name="A">First operand slot; unused operands are 0.</param>
/// <param name="B">Second operand slot.</param>
/// <param name="C">Third operand slot (<see cref="ShapeOp.Select"/> only).</param>
/// <param name="Immediate">The constant of <see cref="ShapeOp.Const"/>.</param>
public readonly record struct ShapeInstruction(ShapeOp Op, int Target, int A = 0, int B = 0, int C = 0, long Immediate = 0)
{
    /// <summary><c>slots[target] = value</c>.</summary>
    public static ShapeInstruction Const(int target, long value) => new(ShapeOp.Const, target, Immediate: value);
}
