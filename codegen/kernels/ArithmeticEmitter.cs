using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Kernels;

/// <summary>
/// The operations of the kernel IR on values in registers, scalars or vectors alike; both operands have the same number of lanes.
/// <see cref="InterpreterArithmetic"/> defines what each means.
/// </summary>
internal sealed class ArithmeticEmitter(LaneBuilder b, MathLibrary math)
{
    private readonly IntegerDivision division = new(b, math);

    internal LLVMValueRef Unary(UnaryOp op, ElementType type, LLVMValueRef x) => type.IsFloat()
        ? ScalarTypes.Round(b, type, UnaryFloat(op, x))
        : UnaryInteger(op, type, x);

    internal LLVMValueRef Binary(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        if (op.IsComparison())
        {
            return Compare(op, type, x, y);
        }

        return type.IsFloat() ? ScalarTypes.Round(b, type, BinaryFloat(op, x, y)) : BinaryInteger(op, type, x, y);
    }

    /// <summary>Whether x^<paramref name="exponent"/> needs no logarithm: the exponents that networks hold as literals.</summary>
    internal static bool IsSmallPower(Expr exponent, out double value)
    {
        value = exponent is FloatLiteral literal ? literal.Value : 0;
        return value is 1 or 2 or 3 or 4 or -1 or 0.5;
    }

    /// <summary>x^n for an exponent of <see cref="IsSmallPower"/>.</summary>
    internal LLVMValueRef SmallPower(ElementType type, double exponent, LLVMValueRef x)
    {
        LLVMValueRef Times(LLVMValueRef p, LLVMValueRef q) => Binary(BinaryOp.Mul, type, p, q);
        switch (exponent)
        {
            case 1:
                return x;
            case 2:
                return Times(x, x);
            case 3:
                return Times(Times(x, x), x);
            case 4:
                return Times(Times(x, x), Times(x, x));
            case -1:
                return Binary(BinaryOp.Div, type, b.ConstantLike(x, 1.0), x);
            default:
                // pow(-0, 1/2) is +0 and pow(-inf, 1/2) is +inf, where the root would be -0 and NaN.
                LLVMValueRef root = Unary(UnaryOp.Sqrt, type, b.FAdd(x, 0.0));
                LLVMValueRef least = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, x, double.NegativeInfinity);
                return b.Select(least, b.ConstantLike(x, double.PositiveInfinity), root);
        }
    }

    /// <summary>The value that leaves any x unchanged in <c>op(x, value)</c>.</summary>
    /// <exception cref="InvalidOperationException">The operator cannot reduce.</exception>
    internal LLVMValueRef Identity(BinaryOp op, ElementType type, int lanes)
    {
        LLVMTypeRef wide = LaneBuilder.Wide(ScalarTypes.InRegister(b, type), lanes);
        switch (op)
        {
            case BinaryOp.Add or BinaryOp.Or or BinaryOp.Xor:
                return wide.Null;
            case BinaryOp.Mul:
                return b.Constant(wide, 1L);
            case BinaryOp.And:
                return wide.AllOnes;
            case BinaryOp.Min or BinaryOp.Max when type.IsFloat():
                return b.Constant(wide, op == BinaryOp.Min ? double.PositiveInfinity : double.NegativeInfinity);
            case BinaryOp.Min or BinaryOp.Max when type == ElementType.Bool:
                return op == BinaryOp.Min ? wide.AllOnes : wide.Null;
            case BinaryOp.Min or BinaryOp.Max when type.IsUnsigned():
                return op == BinaryOp.Min ? wide.AllOnes : wide.Null;
            case BinaryOp.Min or BinaryOp.Max:
                long least = long.MinValue >> (64 - (8 * type.Bytes()));
                return b.Constant(wide, op == BinaryOp.Min ? ~least : least);
            default:
                throw new InvalidOperationException($"{op} cannot reduce");
        }
    }

    internal LLVMValueRef Cast(ElementType to, ElementType from, LLVMValueRef x)
    {
        if (to == from)
        {
            return x;
        }

        LLVMTypeRef target = LaneBuilder.Like(ScalarTypes.InRegister(b, to), x);
        if (to == ElementType.Bool)
        {
            return from.IsFloat() ? b.FCmp(LLVMRealPredicate.LLVMRealUNE, x, 0.0) : b.ICmp(LLVMIntPredicate.LLVMIntNE, x, 0);
        }

        if (from.IsFloat())
        {
            return to.IsFloat() ? ConvertFloat(to, x, target) : Saturate(to, x, target);
        }

        if (to.IsFloat())
        {
            LLVMValueRef converted = from.IsUnsigned() || from == ElementType.Bool
                ? b.Builder.BuildUIToFP(x, target)
                : b.Builder.BuildSIToFP(x, target);
            return ScalarTypes.Round(b, to, converted);
        }

        int width = from == ElementType.Bool ? 0 : from.Bytes();
        if (width == to.Bytes())
        {
            return x;
        }

        return width > to.Bytes() ? b.Builder.BuildTrunc(x, target)
            : from.IsSigned() ? b.Builder.BuildSExt(x, target)
            : b.Builder.BuildZExt(x, target);
    }

    internal LLVMValueRef Bitcast(ElementType to, ElementType from, LLVMValueRef x)
    {
        LLVMValueRef raw = ScalarTypes.Encode(b, from, x);
        return ScalarTypes.Decode(b, to, b.BitCast(raw, LaneBuilder.Like(ScalarTypes.InMemory(b, to), x)));
    }

    private LLVMValueRef ConvertFloat(ElementType to, LLVMValueRef x, LLVMTypeRef target)
    {
        bool wide = LaneBuilder.IsF64(x);
        if (to == ElementType.Float64)
        {
            return wide ? x : b.Builder.BuildFPExt(x, target);
        }

        return ScalarTypes.Round(b, to, wide ? b.Builder.BuildFPTrunc(x, target) : x);
    }

    private LLVMValueRef Saturate(ElementType to, LLVMValueRef x, LLVMTypeRef target)
    {
        string name = to.IsUnsigned() ? "llvm.fptoui.sat" : "llvm.fptosi.sat";
        return b.Call(name, [target, x.TypeOf], x);
    }

    private LLVMValueRef UnaryFloat(UnaryOp op, LLVMValueRef x)
    {
        switch (op)
        {
            case UnaryOp.Neg:
                return b.FNeg(x);
            case UnaryOp.Abs:
                return b.FAbs(x);
            case UnaryOp.Sqrt:
                return b.Sqrt(x);
            case UnaryOp.Rsqrt:
                return b.FDiv(b.ConstantLike(x, 1.0), b.Sqrt(x));
            case UnaryOp.Floor:
                return b.Floor(x);
            case UnaryOp.Ceil:
                return b.Call("llvm.ceil", [x.TypeOf], x);
            case UnaryOp.Round:
                return b.RoundEven(x);
            case UnaryOp.Trunc:
                return b.Trunc(x);
            case UnaryOp.Sign:
                // Zero and NaN are their own sign.
                LLVMValueRef ordered = b.FCmp(LLVMRealPredicate.LLVMRealONE, x, 0.0);
                return b.Select(ordered, b.CopySign(b.ConstantLike(x, 1.0), x), x);
            default:
                return math.Unary(op, x);
        }
    }

    private LLVMValueRef UnaryInteger(UnaryOp op, ElementType type, LLVMValueRef x)
    {
        switch (op)
        {
            case UnaryOp.Not or UnaryOp.BitNot:
                return b.Builder.BuildNot(x);
            case UnaryOp.Neg:
                return b.Builder.BuildNeg(x);
            case UnaryOp.Floor or UnaryOp.Ceil or UnaryOp.Round or UnaryOp.Trunc:
                return x;
            case UnaryOp.Abs:
                return type.IsSigned() ? b.Call("llvm.abs", [x.TypeOf], x, b.Bit.Null) : x;
            case UnaryOp.Sign:
                LLVMValueRef positive = b.Builder.BuildZExt(b.ICmp(LLVMIntPredicate.LLVMIntNE, x, 0), x.TypeOf);
                return type.IsSigned() ? b.Builder.BuildOr(positive, b.ShiftRightSigned(x, (8 * type.Bytes()) - 1)) : positive;
            default:
                throw new InvalidOperationException($"{op} is not defined on {type}");
        }
    }

    private LLVMValueRef BinaryFloat(BinaryOp op, LLVMValueRef x, LLVMValueRef y)
    {
        switch (op)
        {
            case BinaryOp.Add:
                return b.FAdd(x, y);
            case BinaryOp.Sub:
                return b.FSub(x, y);
            case BinaryOp.Mul:
                return b.FMul(x, y);
            case BinaryOp.Div:
                return b.FDiv(x, y);
            case BinaryOp.Min:
                return Extreme(LLVMRealPredicate.LLVMRealOLT, x, y);
            case BinaryOp.Max:
                return Extreme(LLVMRealPredicate.LLVMRealOGT, x, y);
            case BinaryOp.Pow or BinaryOp.Atan2 or BinaryOp.Rem or BinaryOp.Mod:
                return math.Binary(op, x, y);
            default:
                throw new InvalidOperationException($"{op} is not defined on floats");
        }
    }

    // x86's min and max give the second operand when either is NaN, so only a NaN in the first needs a hand: put a literal there.
    private LLVMValueRef Extreme(LLVMRealPredicate predicate, LLVMValueRef x, LLVMValueRef y)
    {
        if (y.IsConstant)
        {
            (x, y) = (y, x);
        }

        LLVMValueRef result = b.Select(b.FCmp(predicate, x, y), x, y);
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealUNO, x, x), x, result);
    }

    private LLVMValueRef BinaryInteger(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        switch (op)
        {
            case BinaryOp.Add:
                return b.Builder.BuildAdd(x, y);
            case BinaryOp.Sub:
                return b.Builder.BuildSub(x, y);
            case BinaryOp.Mul:
                return b.Builder.BuildMul(x, y);
            case BinaryOp.Div or BinaryOp.FloorDiv or BinaryOp.Mod or BinaryOp.Rem:
                return division.Emit(op, type, x, y);
            case BinaryOp.Min:
                return b.Call(type.IsUnsigned() || type == ElementType.Bool ? "llvm.umin" : "llvm.smin", [x.TypeOf], x, y);
            case BinaryOp.Max:
                return b.Call(type.IsUnsigned() || type == ElementType.Bool ? "llvm.umax" : "llvm.smax", [x.TypeOf], x, y);
            case BinaryOp.Pow:
                return math.Call($"Pow.{type.ShortName()}", [x, y], x.TypeOf, p => IntegerPower.Emit(b, type, p[0], p[1]));
            case BinaryOp.And:
                return b.Builder.BuildAnd(x, y);
            case BinaryOp.Or:
                return b.Builder.BuildOr(x, y);
            case BinaryOp.Xor:
                return b.Builder.BuildXor(x, y);
            case BinaryOp.ShiftLeft or BinaryOp.ShiftRight:
                return Shift(op, type, x, y);
            default:
                throw new InvalidOperationException($"{op} is not defined on integers");
        }
    }

    private LLVMValueRef Shift(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        // A shift by the width or more is poison in LLVM: shift by 0 (or all but one bit) there and select afterwards.
        int width = 8 * type.Bytes();
        LLVMValueRef inside = b.ICmp(LLVMIntPredicate.LLVMIntULT, y, width);
        bool signed = op == BinaryOp.ShiftRight && type.IsSigned();
        LLVMValueRef amount = b.Select(inside, y, b.Constant(y.TypeOf, signed ? width - 1L : 0L));
        if (signed)
        {
            return b.Builder.BuildAShr(x, amount);
        }

        LLVMValueRef shifted = op == BinaryOp.ShiftLeft ? b.Builder.BuildShl(x, amount) : b.Builder.BuildLShr(x, amount);
        return b.Select(inside, shifted, x.TypeOf.Null);
    }

    private LLVMValueRef Compare(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        if (type.IsFloat())
        {
            return b.FCmp(
                op switch
                {
                    BinaryOp.Equal => LLVMRealPredicate.LLVMRealOEQ,
                    BinaryOp.NotEqual => LLVMRealPredicate.LLVMRealUNE,
                    BinaryOp.Less => LLVMRealPredicate.LLVMRealOLT,
                    _ => LLVMRealPredicate.LLVMRealOLE,
                },
                x,
                y);
        }

        bool unsigned = !type.IsSigned();
        return b.Builder.BuildICmp(
            op switch
            {
                BinaryOp.Equal => LLVMIntPredicate.LLVMIntEQ,
                BinaryOp.NotEqual => LLVMIntPredicate.LLVMIntNE,
                BinaryOp.Less => unsigned ? LLVMIntPredicate.LLVMIntULT : LLVMIntPredicate.LLVMIntSLT,
                _ => unsigned ? LLVMIntPredicate.LLVMIntULE : LLVMIntPredicate.LLVMIntSLE,
            },
            x,
            y);
    }
}
