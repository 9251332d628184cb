using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Runs the instructions and guards of a bind point over a slot array.</summary>
internal static unsafe class ShapeMachine
{
    /// <summary>Runs a bind point.</summary>
    /// <exception cref="DlcRuntimeException">DimOverflow or BrokenGuard.</exception>
    public static void Run(PreparedPoint point, long* slots, string[] slotNames)
    {
        RunInstructions(point, slots, slotNames);
        var guards = point.Source.Guards;
        for (int g = 0; g < guards.Length; g++)
        {
            var guard = guards[g];
            if (!Holds(guard.Relation, slots[guard.A], slots[guard.B]))
            {
                throw Broken(point, guard, slots, slotNames);
            }
        }
    }

    /// <summary>Runs the instructions of a bind point and leaves its guards.</summary>
    /// <exception cref="DlcRuntimeException">DimOverflow.</exception>
    public static void RunInstructions(PreparedPoint point, long* slots, string[] slotNames)
    {
        var instructions = point.Source.Instructions;
        int at = 0;
        try
        {
            for (; at < instructions.Length; at++)
            {
                ref readonly var i = ref instructions[at];
                slots[i.Target] = i.Op == ShapeOp.Const ? i.Immediate : Compute(i.Op, slots[i.A], slots[i.B], slots[i.C]);
            }
        }
        catch (ArithmeticException)
        {
            throw Overflow(point, instructions[at], slots, slotNames);
        }
    }

    private static long Compute(ShapeOp op, long a, long b, long c)
    {
        switch (op)
        {
            case ShapeOp.Add:
                return checked(a + b);
            case ShapeOp.Sub:
                return checked(a - b);
            case ShapeOp.Mul:
                return checked(a * b);
            case ShapeOp.FloorDiv:
                return FloorDiv(a, b);
            case ShapeOp.CeilDiv:
                return CeilDiv(a, b);
            case ShapeOp.Mod:
                return b == -1 ? 0 : a - (b * FloorDiv(a, b));
            case ShapeOp.Min:
                return Math.Min(a, b);
            case ShapeOp.Max:
                return Math.Max(a, b);
            case ShapeOp.Equal:
                return a == b ? 1 : 0;
            case ShapeOp.Less:
                return a < b ? 1 : 0;
            case ShapeOp.LessOrEqual:
                return a <= b ? 1 : 0;
            case ShapeOp.Select:
                return a != 0 ? b : c;
            case ShapeOp.Move:
                return a;
            default:
                throw new InvalidOperationException($"unknown shape operator {(int)op}");
        }
    }

    private static long FloorDiv(long a, long b)
    {
        if ((a | b) == 0)
        {
            // How many rows of nothing there are in nothing: an empty batch must not be an error.
            return 0;
        }

        long quotient = a / b;
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static long CeilDiv(long a, long b)
    {
        if ((a | b) == 0)
        {
            return 0;
        }

        long quotient = a / b;
        return a % b != 0 && (a < 0) == (b < 0) ? quotient + 1 : quotient;
    }

    private static bool Holds(GuardRelation relation, long a, long b) => relation switch
    {
        GuardRelation.Equal => a == b,
        GuardRelation.LessOrEqual => a <= b,
        GuardRelation.Less => a < b,
        GuardRelation.Divides => a == 0 ? b == 0 : a == -1 || b % a == 0,
        GuardRelation.NotEqual => a != b,
        _ => throw new InvalidOperationException($"unknown relation {(int)relation}"),
    };

    private static string Sign(GuardRelation relation) => relation switch
    {
        GuardRelation.Equal => "==",
        GuardRelation.LessOrEqual => "<=",
        GuardRelation.Less => "<",
        GuardRelation.Divides => "divides",
        _ => "!=",
    };

    private static string NameOf(int slot, string[] slotNames) => slotNames[slot].Length > 0 ? slotNames[slot] : $"slot {slot}";

    private static DlcRuntimeException Broken(PreparedPoint point, Guard guard, long* slots, string[] slotNames)
    {
        string left = NameOf(guard.A, slotNames);
        string right = NameOf(guard.B, slotNames);
        string origin = guard.Origin.Length > 0 ? guard.Origin : string.Join(", ", point.Origins);
        return new DlcRuntimeException(
            RuntimeErrors.BrokenGuard,
            guard.Message.Length > 0 ? guard.Message : "the dims break a condition that the compiled code relies on",
            $"{left} {Sign(guard.Relation)} {right}",
            left == $"{slots[guard.A]}" ? $"{right} = {slots[guard.B]}"
            : right == $"{slots[guard.B]}" ? $"{left} = {slots[guard.A]}"
            : $"{left} = {slots[guard.A]}, {right} = {slots[guard.B]}",
            origin);
    }

    private static DlcRuntimeException Overflow(PreparedPoint point, ShapeInstruction i, long* slots, string[] slotNames) => new(
        RuntimeErrors.DimOverflow,
        $"the dim '{NameOf(i.Target, slotNames)}' can't be computed",
        "a 64-bit number",
        $"{i.Op}({slots[i.A]}, {slots[i.B]})",
        string.Join(", ", point.Origins));
}
