using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// The transcendental functions of one module on f32 and f64 lanes. The few that networks spend time in (f32 exp, log, tanh, erf) are
/// emitted in place; the others become functions of the module, one for each lane count in use, and f32 goes through f64.
/// </summary>
internal sealed class MathLibrary(LaneBuilder b)
{
    private readonly Dictionary<(string Name, int Lanes), LLVMValueRef> functions = [];

    /// <summary>A function of one f32 or f64 operand.</summary>
    internal LLVMValueRef Unary(UnaryOp op, LLVMValueRef x)
    {
        if (!LaneBuilder.IsF64(x))
        {
            switch (op)
            {
                case UnaryOp.Exp:
                    return Exponential.Emit(b, x);
                case UnaryOp.Log:
                    return Logarithm.Emit(b, x);
                case UnaryOp.Tanh:
                    return Hyperbolic.EmitTanh(b, x);
                case UnaryOp.Erf:
                    return ErrorFunction.Emit(b, x);
            }
        }

        return Widened(op.ToString(), [x], operands => EmitUnary(op, operands[0]));
    }

    /// <summary>A function of two f32 or f64 operands: Pow, Atan2, Rem or Mod.</summary>
    internal LLVMValueRef Binary(BinaryOp op, LLVMValueRef x, LLVMValueRef y) =>
        Widened(op.ToString(), [x, y], operands => EmitBinary(op, operands[0], operands[1]));

    /// <summary>Calls the function of the module called <paramref name="name"/>, writing it first when it is new.</summary>
    internal LLVMValueRef Call(string name, ReadOnlySpan<LLVMValueRef> operands, LLVMTypeRef result, Func<LLVMValueRef[], LLVMValueRef> body)
    {
        int lanes = LaneBuilder.Lanes(operands[0]);
        if (!functions.TryGetValue((name, lanes), out LLVMValueRef function))
        {
            LLVMTypeRef[] types = new LLVMTypeRef[operands.Length];
            for (int i = 0; i < types.Length; i++)
            {
                types[i] = operands[i].TypeOf;
            }

            functions[(name, lanes)] = function = Define($"dlc.{name}.{lanes}", LLVMTypeRef.CreateFunction(result, types), types.Length, body);
        }

        return b.Builder.BuildCall2(function.GlobalValueType, function, operands);
    }

    private LLVMValueRef Widened(string name, ReadOnlySpan<LLVMValueRef> operands, Func<LLVMValueRef[], LLVMValueRef> body)
    {
        LLVMTypeRef type = operands[0].TypeOf;
        if (LaneBuilder.IsF64(operands[0]))
        {
            return Call(name + ".f64", operands, type, body);
        }

        return Call(
            name + ".f32",
            operands,
            type,
            narrow =>
            {
                LLVMTypeRef wide = LaneBuilder.Like(b.F64, narrow[0]);
                LLVMValueRef[] widened = new LLVMValueRef[narrow.Length];
                for (int i = 0; i < narrow.Length; i++)
                {
                    widened[i] = b.Builder.BuildFPExt(narrow[i], wide);
                }

                return b.Builder.BuildFPTrunc(body(widened), type);
            });
    }

    private LLVMValueRef EmitUnary(UnaryOp op, LLVMValueRef x) => op switch
    {
        UnaryOp.Exp => Exponential.Emit(b, x),
        UnaryOp.Log => Logarithm.Emit(b, x),
        UnaryOp.Sin => Trigonometry.EmitSin(b, x),
        UnaryOp.Cos => Trigonometry.EmitCos(b, x),
        UnaryOp.Tan => Trigonometry.EmitTan(b, x),
        UnaryOp.Asin => Trigonometry.EmitAsin(b, x),
        UnaryOp.Acos => Trigonometry.EmitAcos(b, x),
        UnaryOp.Atan => Trigonometry.EmitAtan(b, x),
        UnaryOp.Sinh => Hyperbolic.EmitSinh(b, x),
        UnaryOp.Cosh => Hyperbolic.EmitCosh(b, x),
        UnaryOp.Tanh => Hyperbolic.EmitTanh(b, x),
        UnaryOp.Asinh => Hyperbolic.EmitAsinh(b, x),
        UnaryOp.Acosh => Hyperbolic.EmitAcosh(b, x),
        UnaryOp.Atanh => Hyperbolic.EmitAtanh(b, x),
        UnaryOp.Erf => ErrorFunction.Emit(b, x),
        _ => throw new InvalidOperationException($"{op} is not a transcendental function"),
    };

    private LLVMValueRef EmitBinary(BinaryOp op, LLVMValueRef x, LLVMValueRef y) => op switch
    {
        BinaryOp.Pow => Power.Emit(b, x, y),
        BinaryOp.Atan2 => Trigonometry.EmitAtan2(b, x, y),
        BinaryOp.Rem => Remainder.Emit(b, x, y),
        BinaryOp.Mod => Remainder.EmitFloored(b, x, y),
        _ => throw new InvalidOperationException($"{op} is not a function of two floats"),
    };

    private LLVMValueRef Define(string name, LLVMTypeRef type, int parameters, Func<LLVMValueRef[], LLVMValueRef> body)
    {
        LLVMBasicBlockRef caller = b.Builder.InsertBlock;
        LLVMValueRef function = b.Module.AddFunction(name, type);
        function.SetInternal();
        const int ofFunction = -1;
        function.AddAttributeAtIndex(ofFunction, b.Context.CreateEnumAttribute("nounwind"));
        function.AddAttributeAtIndex(ofFunction, b.Context.CreateEnumAttribute("willreturn"));
        function.AddAttributeAtIndex(ofFunction, b.Context.CreateEnumAttribute(b.Machine.Gpu is not null ? "alwaysinline" : "noinline"));

        // memory(none): calls of the same operands are one, and loops hoist them.
        function.AddAttributeAtIndex(ofFunction, b.Context.CreateEnumAttribute("memory"));
        b.Builder.PositionAtEnd(function.AppendBasicBlock(b.Context, "entry"));
        LLVMValueRef[] arguments = new LLVMValueRef[parameters];
        for (int i = 0; i < parameters; i++)
        {
            arguments[i] = function.GetParam((uint)i);
        }

        b.Builder.BuildRet(body(arguments));
        b.Builder.PositionAtEnd(caller);
        return function;
    }
}
