using Dlc.Ptx.Machine;
using Dlc.Ptx.Semantics;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <content>What the threads of a warp or a block do together.</content>
internal sealed partial class KernelDecoder
{
    private bool Together(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        switch (instruction.Opcode)
        {
            case "bar" when Has("warp"):
                Emit(new WarpBarrierOperation(Source(operands[0], "b32")), PtxKind.Barrier);
                return true;
            case "bar" or "barrier" when Has("sync") || Has("arrive"):
                int threads = operands.Length > 1 ? Source(operands[1], "u32") : -1;
                bool aligned = instruction.Opcode == "bar" || Has("aligned");
                Emit(new BarrierOperation(Source(operands[0], "u32"), threads, aligned, Has("sync")), PtxKind.Barrier);
                return true;
            case "shfl" when Has("sync"):
                return Shuffle(instruction);
            case "membar" or "fence":
                Emit(Has("cta") || Has("proxy") ? new NoOperation() : new FenceOperation(), PtxKind.Barrier);
                return true;
            case "vote" when Has("sync"):
                string mode = instruction.Modifiers.First(m => m is "all" or "any" or "uni" or "ballot");
                int predicate = Source(operands[1], "pred");
                Emit(new VoteOperation(Source(operands[2], "b32"), mode, Register(operands[0].Name), predicate), PtxKind.Warp);
                return true;
            case "match" when Has("sync"):
                var (matches, same) = operands[0].Kind == OperandKind.Pair
                    ? (Result(operands[0].Parts[0]), Result(operands[0].Parts[1]))
                    : (Result(operands[0]), -1);
                int value = Source(operands[1], Type(instruction));
                Emit(new MatchOperation(Source(operands[2], "b32"), Has("all"), matches, same, value, Has("b64")), PtxKind.Warp);
                return true;
            case "redux" when Has("sync"):
                string type = Type(instruction);
                var function = IntegerFunctions.Binary(instruction.Modifiers[1], type);
                if (function is null)
                {
                    return false;
                }

                int source = Source(operands[1], type);
                Emit(new ReduceOperation(Source(operands[2], "b32"), Register(operands[0].Name), source, function), PtxKind.Warp);
                return true;
            case "elect" when operands[0].Kind == OperandKind.Pair:
                int leader = Result(operands[0].Parts[0]), chosen = Register(operands[0].Parts[1].Name);
                Emit(new ElectOperation(Source(operands[1], "b32"), leader, chosen), PtxKind.Warp);
                return true;
            case "activemask":
                Emit(new ActiveMaskOperation(Register(operands[0].Name)), PtxKind.Warp);
                return true;
            case "nanosleep" or "griddepcontrol" or "pmevent":
                Emit(new NoOperation(), PtxKind.Barrier);
                return true;
            default:
                return false;
        }
    }

    private bool Shuffle(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        var (value, found) = operands[0].Kind == OperandKind.Pair ? (operands[0].Parts[0], operands[0].Parts[1]) : (operands[0], null);
        int source = Source(operands[1], "b32"), lane = Source(operands[2], "b32"), clamp = Source(operands[3], "b32");
        string mode = instruction.Modifiers.First(m => m is "up" or "down" or "bfly" or "idx");
        int members = Source(operands[4], "b32");
        Emit(new ShuffleOperation(members, mode, Result(value), found is null ? -1 : Result(found), source, lane, clamp), PtxKind.Warp);
        return true;
    }

    private bool Matrix(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        var modifiers = instruction.Modifiers;
        if (instruction.Opcode == "movmatrix")
        {
            Emit(new TransposeMatrixOperation(Register(operands[0].Name), Source(operands[1], "b32")), PtxKind.Matrix);
            return true;
        }

        string[] types = [.. modifiers.Where(m => PtxTypes.Bytes(m) != 0)];
        string? shape = modifiers.FirstOrDefault(m => m.StartsWith("m16n8k", StringComparison.Ordinal));
        if (shape is null || types.Length != 4 || types[0] != types[3] || !modifiers.Contains("row") || !modifiers.Contains("col"))
        {
            return false;
        }

        int depth = int.Parse(shape.AsSpan(6), System.Globalization.CultureInfo.InvariantCulture);
        var layout = MatrixLayout.Of(depth, types[1] == "tf32" ? 32 : PtxTypes.Bytes(types[1]) * 8);
        bool fits = (types[0], types[1], types[2], depth) switch
        {
            ("f32" or "f16", "f16", "f16", 8 or 16) => true,
            ("f32", "bf16", "bf16", 8 or 16) => true,
            ("f32", "tf32", "tf32", 4 or 8) => true,
            ("s32", "s8" or "u8", "s8" or "u8", 16 or 32) => !modifiers.Contains("satfinite"),
            _ => false,
        };
        if (!fits)
        {
            return false;
        }

        int accumulators = types[0] == "f16" ? 2 : 4;
        int[] d = [.. operands[0].Parts.Select(p => Register(p.Name))];
        int[] a = Parts(operands[1]), b = Parts(operands[2]), c = Parts(operands[3]);
        if (d.Length != accumulators || c.Length != accumulators || a.Length != layout.RegistersOfA || b.Length != layout.RegistersOfB)
        {
            return false;
        }

        Emit(new MatrixOperation(types[0], layout, d, a, b, c, Reader(types[1]), Reader(types[2])), PtxKind.Matrix);
        return true;

        int[] Parts(PtxOperand operand) => operand.Kind == OperandKind.Vector ? [.. operand.Parts.Select(p => Source(p, "b32"))] : [Source(operand, "b32")];

        // The hardware looks at the upper 19 bits of a tf32 operand alone.
        static Func<ulong, double> Reader(string type) => type switch
        {
            "tf32" => r => FloatFormat.F32.Read(r & 0xffffe000),
            "s8" => r => (sbyte)r,
            "u8" => r => (byte)r,
            _ => FloatFormat.Of(type)!.Read,
        };
    }
}
