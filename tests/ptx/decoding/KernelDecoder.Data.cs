using Dlc.Ptx.Machine;
using Dlc.Ptx.Semantics;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <content>Moves, conversions, comparisons and selections.</content>
internal sealed partial class KernelDecoder
{
    private bool Data(PtxInstruction instruction) => instruction.Opcode switch
    {
        "mov" => Move(instruction),
        "cvta" => ConvertAddress(instruction),
        "cvt" => Convert(instruction),
        "selp" => Select(instruction),
        "setp" => Compare(instruction),
        "isspacep" => TestSpace(instruction),
        _ => false,
    };

    private bool Move(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int bits = PtxTypes.Bytes(type) * 8;
        if (operands[1].Kind == OperandKind.Vector)
        {
            var parts = operands[1].Parts;
            int width = bits / parts.Length;
            Emit(new PackOperation(Result(operands[0]), [.. parts.Select(p => Source(p, "b" + width))], width), PtxKind.Move);
        }
        else if (operands[0].Kind == OperandKind.Vector)
        {
            var parts = operands[0].Parts;
            Emit(new UnpackOperation([.. parts.Select(Result)], Source(operands[1], type), bits / parts.Length), PtxKind.Move);
        }
        else if (operands[1].Name is "%clock" or "%clock64" or "%clock_hi" or "%globaltimer")
        {
            Emit(new ClockOperation(Result(operands[0])), PtxKind.Move);
        }
        else
        {
            Emit(new MoveOperation(Result(operands[0]), Source(operands[1], type)), PtxKind.Move);
        }

        return true;
    }

    private static Space? SpaceOf(PtxInstruction instruction)
    {
        foreach (string modifier in instruction.Modifiers)
        {
            switch (modifier)
            {
                case "global":
                    return Space.Global;
                case "shared" or "shared::cta":
                    return Space.Shared;
                case "local":
                    return Space.Local;
                case "const":
                    return Space.Constant;
                case "param" or "param::entry":
                    return Space.Parameter;
            }
        }

        return null;
    }

    private bool ConvertAddress(PtxInstruction instruction)
    {
        ulong start = AddressSpace.BaseOf(SpaceOf(instruction) ?? Space.Generic);
        bool to = instruction.Modifiers.Contains("to");
        return Unary(to ? a => a - start : a => a + start, "u64", PtxKind.Move);
    }

    private bool TestSpace(PtxInstruction instruction)
    {
        if (SpaceOf(instruction) is not { } space)
        {
            return false;
        }

        return Unary(a => AddressSpace.SpaceOf(a) == space ? 1ul : 0, "u64", PtxKind.Integer);
    }

    private bool Convert(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        var modifiers = instruction.Modifiers;
        string[] types = [.. modifiers.Where(m => PtxTypes.Bytes(m) != 0)];
        if (types.Length != 2)
        {
            return false;
        }

        if (FloatFunctions.Pair(types[0]) is { } half && operands.Length == 3)
        {
            // The first operand becomes the upper half.
            var convert = Conversions.Convert(half, types[1], modifiers);
            return convert is not null && Binary((a, b) => (convert(a) << 16) | convert(b), types[1], PtxKind.Convert);
        }

        return Unary(Conversions.Convert(types[0], types[1], modifiers), types[1], PtxKind.Convert);
    }

    private bool Select(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int predicate = Source(operands[3], "pred");
        Emit(new SelectOperation(Result(operands[0]), Source(operands[1], type), Source(operands[2], type), predicate), PtxKind.Move);
        return true;
    }

    private bool Compare(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction), relation = instruction.Modifiers[0];
        bool flush = instruction.Modifiers.Contains("ftz") && type == "f32";
        string combine = instruction.Modifiers.FirstOrDefault(m => m is "and" or "or" or "xor") ?? "";
        var (first, second) = operands[0].Kind == OperandKind.Pair ? (operands[0].Parts[0], operands[0].Parts[1]) : (operands[0], null);
        int third = combine.Length != 0 ? Source(operands[3], "pred") : -1;
        int a = Source(operands[1], type), b = Source(operands[2], type);
        if (FloatFunctions.Pair(type) is { } half)
        {
            // One result for each half.
            var each = FloatFunctions.Compare(relation, half);
            if (each is null || second is null)
            {
                return false;
            }

            Emit(new CompareOperation(Result(first), -1, a, b, third, combine, (x, y) => each(x & 0xffff, y & 0xffff)), PtxKind.Float);
            Emit(new CompareOperation(Result(second), -1, a, b, third, combine, (x, y) => each((x >> 16) & 0xffff, (y >> 16) & 0xffff)), PtxKind.Float);
            return true;
        }

        bool isFloat = IsFloat(type);
        var function = isFloat ? FloatFunctions.Compare(relation, type) : IntegerFunctions.Compare(relation, type);
        if (function is null)
        {
            return false;
        }

        if (flush)
        {
            var inner = function;
            function = (x, y) => inner(FloatFormat.Flush(x), FloatFormat.Flush(y));
        }

        Emit(
            new CompareOperation(Result(first), second is null ? -1 : Result(second), a, b, third, combine, function),
            isFloat ? PtxKind.Float : PtxKind.Integer);
        return true;
    }
}
