using Dlc.Ptx.Machine;
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

    private bool Matrix(PtxInstruction instruction) => false;
}
