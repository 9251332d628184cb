using Dlc.Ptx.Machine;
using Dlc.Ptx.Semantics;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <content>Instructions that compute one register from others.</content>
internal sealed partial class KernelDecoder
{
    private static readonly HashSet<string> Roundings = ["rn", "rz", "rm", "rp"];

    private static bool IsFloat(string type) => FloatFormat.Of(FloatFunctions.Pair(type) ?? type) is not null;

    private static string Type(PtxInstruction instruction) => instruction.Modifiers.LastOrDefault(m => PtxTypes.Bytes(m) != 0) ?? "";

    private bool Arithmetic(PtxInstruction instruction)
    {
        string type = Type(instruction);
        return type.Length != 0 && (IsFloat(type) ? FloatArithmetic(instruction, type) : IntegerArithmetic(instruction, type));
    }

    private bool Unary(Func<ulong, ulong>? function, string type, PtxKind kind)
    {
        var operands = _instruction.Operands;
        if (function is null || operands.Length != 2)
        {
            return false;
        }

        Emit(new UnaryOperation(Result(operands[0]), Source(operands[1], type), function), kind);
        return true;
    }

    private bool Binary(Func<ulong, ulong, ulong>? function, string type, PtxKind kind, string? second = null)
    {
        var operands = _instruction.Operands;
        if (function is null || operands.Length != 3)
        {
            return false;
        }

        Emit(new BinaryOperation(Result(operands[0]), Source(operands[1], type), Source(operands[2], second ?? type), function), kind);
        return true;
    }

    private bool Ternary(Func<ulong, ulong, ulong, ulong>? function, string type, PtxKind kind, string? third = null)
    {
        var operands = _instruction.Operands;
        if (function is null || operands.Length != 4)
        {
            return false;
        }

        int result = Result(operands[0]);
        Emit(new TernaryOperation(result, Source(operands[1], type), Source(operands[2], type), Source(operands[3], third ?? type), function), kind);
        return true;
    }

    private bool Quaternary(Func<ulong, ulong, ulong, ulong, ulong>? function, string type, PtxKind kind)
    {
        var operands = _instruction.Operands;
        if (function is null || operands.Length != 5)
        {
            return false;
        }

        var sources = operands[1..].Select(o => Source(o, type)).ToArray();
        Emit(new QuaternaryOperation(Result(operands[0]), sources[0], sources[1], sources[2], sources[3], function), kind);
        return true;
    }

    private bool IntegerArithmetic(PtxInstruction instruction, string type)
    {
        const PtxKind kind = PtxKind.Integer;
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        switch (instruction.Opcode)
        {
            case "mul" when Has("wide"):
                return Binary(IntegerFunctions.Wide(type), type, kind);
            case "mul" when Has("hi"):
                return Binary(IntegerFunctions.High(type), type, kind);
            case "mad" when Has("wide"):
                return Ternary(Then(IntegerFunctions.Wide(type), IntegerFunctions.Binary("add", type[1..] == "16" ? "u32" : "u64")), type, kind);
            case "mad" when Has("hi"):
                return Ternary(Then(IntegerFunctions.High(type), IntegerFunctions.Binary("add", type)), type, kind);
            case "mad":
                return Ternary(Then(IntegerFunctions.Binary("mul", type), IntegerFunctions.Binary("add", type)), type, kind);
            case "add" or "sub" when Has("sat") && type == "s32":
                bool adds = instruction.Opcode == "add";
                return Binary((a, b) => (uint)Math.Clamp((long)(int)a + (adds ? (int)b : -(long)(int)b), int.MinValue, int.MaxValue), type, kind);
            case "add" or "sub" when Has("cc"):
            case "addc" or "subc":
                _carry = _carry < 0 ? _slots++ : _carry;
                bool takes = instruction.Opcode.EndsWith('c');
                var operands = instruction.Operands;
                int a = Source(operands[1], type), b = Source(operands[2], type), bits = PtxTypes.Bytes(type) * 8;
                bool subtracts = instruction.Opcode[0] == 's';
                Emit(new CarryOperation(Register(operands[0].Name), a, b, _carry, subtracts, takes, Has("cc"), bits), kind);
                return true;
            case "sad":
                return Ternary(AbsoluteDifference(type), type, kind);
            case "shl" or "shr":
                return Binary(IntegerFunctions.Binary(instruction.Opcode, type), type, kind, "u32");
            case "bfe":
                return Ternary(IntegerFunctions.Extract(type), type, kind, "u32");
            case "bfi":
                return Quaternary(IntegerFunctions.Insert(type), type, kind);
            case "bfind":
                return Unary(IntegerFunctions.Find(type, Has("shiftamt")), type, kind);
            case "prmt":
                return instruction.Modifiers.Length == 1 && Ternary(IntegerFunctions.Permute, type, kind);
            case "lop3":
                return instruction.Modifiers.Length == 1 && Quaternary(IntegerFunctions.Lookup, type, kind);
            case "shf":
                return Ternary(IntegerFunctions.Funnel(Has("l"), Has("wrap")), type, kind);
            case "szext":
                bool signed = type == "s32";
                return Binary(
                    (a, b) => (uint)b >= 32 ? (uint)a : (uint)b == 0 ? 0 : signed ? (uint)((int)a << (32 - (int)b) >> (32 - (int)b)) : (uint)a & ((1u << (int)b) - 1), type, kind);
            case "bmsk":
                return Binary((a, b) => IntegerFunctions.Insert("b32")!(uint.MaxValue, 0, Math.Min((uint)a, 255), Math.Min((uint)b, 255)), type, kind);
            case "dp4a":
                return Ternary(DotProduct(instruction.Modifiers[0][0] == 's', instruction.Modifiers[1][0] == 's'), type, kind);
        }

        return instruction.Operands.Length == 2
            ? Unary(IntegerFunctions.Unary(instruction.Opcode, instruction.Opcode is "popc" or "clz" or "brev" ? "b" + type[1..] : type), type, kind)
            : Binary(IntegerFunctions.Binary(instruction.Opcode, type), type, kind);
    }

    private bool FloatArithmetic(PtxInstruction instruction, string type)
    {
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        string rounding = instruction.Modifiers.FirstOrDefault(Roundings.Contains) ?? "rn";
        bool flush = Has("ftz") && type == "f32";
        Func<ulong, ulong> before = flush ? FloatFormat.Flush : a => a;
        Func<ulong, ulong>? after = flush ? FloatFormat.Flush : null;
        if (Has("sat"))
        {
            after = Chain(after, FloatFunctions.Saturate(type));
        }

        if (Has("relu"))
        {
            after = Chain(after, a => FloatFunctions.Binary("max", type, true)!(a, 0));
        }

        switch (instruction.Opcode)
        {
            case "fma" or "mad":
                var multiplyAdd = rounding == "rn" ? FloatFunctions.MultiplyAdd(type) : FloatFunctions.Directed("fma", type, rounding);
                return multiplyAdd is not null && Ternary(
                    !flush && after is null ? multiplyAdd : (a, b, c) => Finish(multiplyAdd(before(a), before(b), before(c))), type, PtxKind.Float);
            case "add" or "sub" or "mul" or "div" or "min" or "max" or "copysign":
                var binary = FloatFunctions.Binary(instruction.Opcode, type, Has("NaN"));
                if (rounding != "rn")
                {
                    var directed = FloatFunctions.Directed(instruction.Opcode, type, rounding);
                    binary = directed is null ? null : (a, b) => directed(a, b, 0);
                }

                if (binary is null)
                {
                    return false;
                }

                if (Has("xorsign"))
                {
                    var magnitudes = binary;
                    ulong sign = 1ul << ((PtxTypes.Bytes(type) * 8) - 1);
                    if (type is not ("f32" or "f16" or "bf16"))
                    {
                        return false;
                    }

                    binary = (a, b) => (magnitudes(a & (sign - 1), b & (sign - 1)) & (sign - 1)) | ((a ^ b) & sign);
                }

                return Binary(
                    !flush && after is null ? binary : (a, b) => Finish(binary(before(a), before(b))),
                    type,
                    instruction.Opcode == "div" ? PtxKind.Special : PtxKind.Float);
            case "neg" or "abs" or "rcp" or "sqrt" or "rsqrt" or "ex2" or "lg2" or "sin" or "cos" or "tanh":
                var unary = FloatFunctions.Unary(instruction.Opcode, type);
                bool special = instruction.Opcode is not ("neg" or "abs");
                return rounding == "rn" && unary is not null && Unary(
                    !flush && after is null ? unary : a => Finish(unary(before(a))), type, special ? PtxKind.Special : PtxKind.Float);
            case "testp":
                return Unary(FloatFunctions.Test(instruction.Modifiers[0], type), type, PtxKind.Float);
            default:
                return false;
        }

        ulong Finish(ulong value) => after is null ? value : after(value);

        static Func<ulong, ulong> Chain(Func<ulong, ulong>? first, Func<ulong, ulong> second) => first is null ? second : a => second(first(a));
    }

    private static Func<ulong, ulong, ulong, ulong>? Then(Func<ulong, ulong, ulong>? first, Func<ulong, ulong, ulong>? second) =>
        first is null || second is null ? null : (a, b, c) => second(first(a, b), c);

    private static Func<ulong, ulong, ulong, ulong>? AbsoluteDifference(string type)
    {
        var least = IntegerFunctions.Binary("min", type);
        var greatest = IntegerFunctions.Binary("max", type);
        var subtract = IntegerFunctions.Binary("sub", type);
        var add = IntegerFunctions.Binary("add", type);
        return least is null ? null : (a, b, c) => add!(c, subtract!(greatest!(a, b), least(a, b)));
    }

    private static Func<ulong, ulong, ulong, ulong> DotProduct(bool firstSigned, bool secondSigned) => (a, b, c) =>
    {
        int sum = (int)c;
        for (int i = 0; i < 32; i += 8)
        {
            int x = firstSigned ? (sbyte)(a >> i) : (byte)(a >> i);
            int y = secondSigned ? (sbyte)(b >> i) : (byte)(b >> i);
            sum += x * y;
        }

        return (uint)sum;
    };
}
