using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <content>Accesses to memory.</content>
internal sealed partial class KernelDecoder
{
    private static PtxKind KindOf(Space space, bool loads) => space switch
    {
        Space.Global => loads ? PtxKind.GlobalLoad : PtxKind.GlobalStore,
        Space.Shared => loads ? PtxKind.SharedLoad : PtxKind.SharedStore,
        Space.Local => PtxKind.Local,
        _ => PtxKind.OtherMemory,
    };

    private bool Memory(PtxInstruction instruction)
    {
        switch (instruction.Opcode)
        {
            case "ld" or "ldu":
                Load(instruction);
                return true;
            case "st":
                Store(instruction);
                return true;
            case "prefetch" or "prefetchu" or "discard" or "applypriority":
                Emit(new NoOperation(), PtxKind.OtherMemory);
                return true;
            default:
                return false;
        }
    }

    private AccessShape Shape(PtxInstruction instruction, PtxOperand operand, int bytes)
    {
        var (slot, offset, named) = Address(operand);

        // What the text calls param is the kernel's arguments or, around calls, memory of the thread.
        var space = SpaceOf(instruction) is { } given && given != Space.Parameter ? given : named ?? SpaceOf(instruction) ?? Space.Generic;
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        if (space is Space.Shared or Space.Global or Space.Generic)
        {
            _smallestAccess = Math.Min(_smallestAccess, bytes);
        }

        return new(
            space,
            slot,
            offset,
            bytes,
            Has("volatile") || Has("relaxed") || Has("acquire") || Has("release") || Has("acq_rel"),
            Has("acquire") || Has("acq_rel"),
            Has("release") || Has("acq_rel"));
    }

    private void Load(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int[] results = operands[0].Kind == OperandKind.Vector ? [.. operands[0].Parts.Select(Result)] : [Result(operands[0])];
        var shape = Shape(instruction, operands[1], PtxTypes.Bytes(type));
        Emit(new LoadOperation(results, shape, PtxTypes.IsSigned(type)), KindOf(shape.Space, true));
    }

    private void Store(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int[] values = operands[1].Kind == OperandKind.Vector ? [.. operands[1].Parts.Select(p => Source(p, type))] : [Source(operands[1], type)];
        var shape = Shape(instruction, operands[0], PtxTypes.Bytes(type));
        Emit(new StoreOperation(values, shape), KindOf(shape.Space, false));
    }
}
