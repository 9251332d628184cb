using Dlc.Ptx.Machine;
using Dlc.Ptx.Semantics;
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
            case "atom" or "red":
                return Atomic(instruction);
            case "ldmatrix" or "stmatrix":
                return MatrixMemory(instruction);
            default:
                return AsyncCopy(instruction);
        }
    }

    private bool AsyncCopy(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        if (instruction.Modifiers is not ["async", ..] || Has("bulk") || Has("mbarrier"))
        {
            return false;
        }

        if (Has("commit_group"))
        {
            Emit(new CommitCopiesOperation(), PtxKind.AsyncCopy);
        }
        else if (Has("wait_group"))
        {
            Emit(new WaitCopiesOperation((int)operands[0].Value), PtxKind.AsyncCopy);
        }
        else if (Has("wait_all"))
        {
            Emit(new WaitCopiesOperation(-1), PtxKind.AsyncCopy);
        }
        else
        {
            int bytes = (int)operands[2].Value;
            if (bytes is not (4 or 8 or 16) || (Has("cg") && bytes != 16) || operands.Length > 4)
            {
                return false;
            }

            var (target, targetOffset, _) = Address(operands[0]);
            var (source, sourceOffset, _) = Address(operands[1]);
            int count = operands.Length > 3 ? Source(operands[3], "u32") : -1;
            Touch(Space.Shared, bytes);

            // The number of bytes to read may be anything.
            Touch(Space.Global, count < 0 ? bytes : 1);
            Emit(
                new AsyncCopyOperation(new(Space.Shared, target, targetOffset, bytes), new(Space.Global, source, sourceOffset, bytes), count),
                PtxKind.AsyncCopy);
        }

        return true;
    }

    private bool MatrixMemory(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        bool loads = instruction.Opcode == "ldmatrix";
        var (registers, address) = loads ? (operands[0], operands[1]) : (operands[1], operands[0]);
        if (!instruction.Modifiers.Contains("m8n8") || Type(instruction) != "b16")
        {
            return false;
        }

        var (slot, offset, _) = Address(address);
        var shape = new AccessShape(SpaceOf(instruction) ?? Space.Generic, slot, offset, 16);
        bool transposed = instruction.Modifiers.Contains("trans");
        var parts = registers.Kind == OperandKind.Vector ? registers.Parts : [registers];
        int count = instruction.Modifiers.Contains("x4") ? 4 : instruction.Modifiers.Contains("x2") ? 2 : 1;
        if (parts.Length != count)
        {
            return false;
        }

        if (loads)
        {
            Emit(new LoadMatrixOperation([.. parts.Select(Result)], shape, transposed), PtxKind.SharedLoad);
        }
        else
        {
            Emit(new StoreMatrixOperation([.. parts.Select(p => Source(p, "b32"))], shape, transposed), PtxKind.SharedStore);
        }

        return true;
    }

    private bool Atomic(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int first = instruction.Opcode == "atom" ? 1 : 0;
        string? name = instruction.Modifiers.FirstOrDefault(m =>
            m is "add" or "min" or "max" or "and" or "or" or "xor" or "exch" or "cas" or "inc" or "dec");
        Func<ulong, ulong, ulong, ulong>? function = name switch
        {
            "exch" => (_, b, _) => b,
            "cas" when PtxTypes.Bytes(type) == 2 => (old, b, c) => (ushort)old == (ushort)b ? c : old,
            "cas" when PtxTypes.Bytes(type) == 4 => (old, b, c) => (uint)old == (uint)b ? c : old,
            "cas" => (old, b, c) => old == b ? c : old,
            "inc" => (old, b, _) => (uint)old >= (uint)b ? 0 : old + 1,
            "dec" => (old, b, _) => (uint)old == 0 || (uint)old > (uint)b ? (uint)b : old - 1,
            null => null,
            _ => Drop(IsFloat(type) ? FloatFunctions.Binary(name, type, false) : IntegerFunctions.Binary(name, type)),
        };
        if (function is null || instruction.Modifiers.Any(m => m is "v2" or "v4" or "v8"))
        {
            return false;
        }

        int result = first == 0 ? -1 : Result(operands[0]);
        int b = Source(operands[first + 1], type);
        int c = name == "cas" ? Source(operands[first + 2], type) : -1;
        var shape = Shape(instruction, operands[first], PtxTypes.Bytes(type), 1);
        Emit(new AtomicOperation(result, shape, b, c, function), PtxKind.Atomic);
        return true;

        static Func<ulong, ulong, ulong, ulong>? Drop(Func<ulong, ulong, ulong>? two) => two is null ? null : (a, b, _) => two(a, b);
    }

    // Threads that touch different accesses of the smallest size never race.
    private void Touch(Space space, int bytes)
    {
        if (space is Space.Global or Space.Generic)
        {
            _smallestGlobal = Math.Min(_smallestGlobal, bytes);
        }

        if (space is Space.Shared or Space.Generic)
        {
            _smallestShared = Math.Min(_smallestShared, bytes);
        }
    }

    private AccessShape Shape(PtxInstruction instruction, PtxOperand operand, int bytes, int count)
    {
        var (slot, offset, named) = Address(operand);

        // What the text calls param is the kernel's arguments or, around calls, memory of the thread.
        var space = SpaceOf(instruction) is { } given && given != Space.Parameter ? given : named ?? SpaceOf(instruction) ?? Space.Generic;
        bool Has(string modifier) => instruction.Modifiers.Contains(modifier);
        Touch(space, bytes * count);
        return new(
            space,
            slot,
            offset,
            bytes,
            Has("volatile") || Has("relaxed") || Has("acquire") || Has("release") || Has("acq_rel"),
            Has("acquire") || Has("acq_rel"),
            Has("release") || Has("acq_rel"),
            Has("nc"));
    }

    private void Load(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int[] results = operands[0].Kind == OperandKind.Vector ? [.. operands[0].Parts.Select(Result)] : [Result(operands[0])];
        var shape = Shape(instruction, operands[1], PtxTypes.Bytes(type), results.Length);
        Emit(new LoadOperation(results, shape, PtxTypes.IsSigned(type)), KindOf(shape.Space, true));
    }

    private void Store(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        string type = Type(instruction);
        int[] values = operands[1].Kind == OperandKind.Vector ? [.. operands[1].Parts.Select(p => Source(p, type))] : [Source(operands[1], type)];
        var shape = Shape(instruction, operands[0], PtxTypes.Bytes(type), values.Length);
        Emit(new StoreOperation(values, shape), KindOf(shape.Space, false));
    }
}
