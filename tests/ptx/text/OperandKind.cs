namespace Dlc.Ptx.Text;

/// <summary>What is written where an operand stands.</summary>
internal enum OperandKind
{
    /// <summary>A register, a special register, a variable, a label or a function, perhaps plus a number of bytes.</summary>
    Name,

    /// <summary>A number; <see cref="PtxOperand.Value"/> holds its bits.</summary>
    Immediate,

    /// <summary>Operands in braces.</summary>
    Vector,

    /// <summary>An operand in brackets plus <see cref="PtxOperand.Value"/>.</summary>
    Address,

    /// <summary>Two destinations, <c>a|b</c>.</summary>
    Pair,

    /// <summary>Names in parentheses.</summary>
    List,
}
