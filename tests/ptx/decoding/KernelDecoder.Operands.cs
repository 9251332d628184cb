using Dlc.Ptx.Machine;
using Dlc.Ptx.Semantics;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <content>Operands become slots.</content>
internal sealed partial class KernelDecoder
{
    private static bool IsSink(PtxOperand operand) => operand.Kind == OperandKind.Name && operand.Name == "_";

    private static ulong ImmediateBits(PtxOperand operand, string type)
    {
        if (operand.Number == ImmediateKind.Double && type == "f32")
        {
            return Bits.Of((float)BitConverter.Int64BitsToDouble(operand.Value));
        }

        if (operand.Number == ImmediateKind.Single && type == "f64")
        {
            return Bits.Of((double)Bits.Single((ulong)operand.Value));
        }

        return (ulong)operand.Value;
    }

    private int Register(string name)
    {
        if (_scope.Registers.TryGetValue(name, out int slot))
        {
            return slot;
        }

        return _scope.Function.Registers.ContainsKey(name) ? _scope.Registers[name] = _slots++ : throw Unknown($"there is no register {name}");
    }

    private int RegisterBytes(PtxOperand operand) =>
        _scope.Function.Registers.TryGetValue(operand.Name, out string? type) ? PtxTypes.Bytes(type) : throw Unknown($"there is no register {operand.Name}");

    private int Constant(ulong value)
    {
        if (!_constants.TryGetValue(value, out int slot))
        {
            _constants[value] = slot = _slots++;
        }

        return slot;
    }

    // Where a result goes; -1 for nowhere.
    private int Result(PtxOperand operand) => IsSink(operand) ? -1 : Register(operand.Name);

    private Symbol Find(string name) =>
        _scope.Symbols.TryGetValue(name, out var symbol) ? symbol
        : _shared.Find(name, _scope.Function.Name) ?? _layout.Find(name) ?? throw Unknown($"nothing is called {name}");

    private int Source(PtxOperand operand, string type)
    {
        switch (operand.Kind)
        {
            case OperandKind.Immediate:
                return Constant(ImmediateBits(operand, type));
            case OperandKind.Name when operand.Negated:
                int opposite = _slots++;
                Emit(new UnaryOperation(opposite, Register(operand.Name), a => a ^ 1), PtxKind.Integer);
                return opposite;
            case OperandKind.Name when SpecialRegisters.Contains(operand.Name):
                if (!_specials.TryGetValue(operand.Name, out int slot))
                {
                    _specials[operand.Name] = slot = _slots++;
                }

                return slot;
            case OperandKind.Name when operand.Name == "WARP_SZ":
                return Constant(Warp.Lanes);
            case OperandKind.Name when _scope.Function.Registers.ContainsKey(operand.Name):
                return Register(operand.Name);
            case OperandKind.Name when operand.Name[0] == '%':
                throw Unknown($"there is no register {operand.Name}");
            case OperandKind.Name:
                return Constant(Find(operand.Name).Address + (ulong)operand.Value);
            default:
                throw Unknown("an operand of this form is not expected here");
        }
    }

    // The slot of an address, what is added to it, and the space where the text leaves it to the name.
    private (int Slot, long Offset, Space? Space) Address(PtxOperand operand)
    {
        if (operand.Kind != OperandKind.Address)
        {
            throw Unknown("an address is expected");
        }

        var start = operand.Parts[0];
        if (start.Kind == OperandKind.Immediate)
        {
            return (Constant((ulong)(start.Value + operand.Value)), 0, null);
        }

        if (_scope.Function.Registers.ContainsKey(start.Name))
        {
            return (Register(start.Name), operand.Value, null);
        }

        var symbol = Find(start.Name);
        return (Constant(symbol.Address + (ulong)operand.Value), 0, symbol.Space);
    }
}
