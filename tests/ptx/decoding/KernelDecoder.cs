using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <summary>Turns the text of a kernel into operations; functions that it calls are put in its place.</summary>
internal sealed partial class KernelDecoder
{
    private const int MaximumDepth = 32;

    private static readonly HashSet<string> SpecialRegisters =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y",
        "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%smid", "%nsmid", "%gridid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le",
        "%lanemask_gt", "%lanemask_ge", "%dynamic_smem_size", "%total_smem_size",
    ];

    private readonly PtxText _text;
    private readonly ModuleLayout _layout;
    private readonly SharedLayout _shared;
    private readonly List<Operation> _operations = [];
    private readonly Dictionary<ulong, int> _constants = [];
    private readonly Dictionary<string, int> _specials = [];
    private int _slots;
    private long _localBytes;
    private int _smallestGlobal = 16;
    private int _smallestShared = 16;
    private int _carry = -1;
    private FunctionScope _scope = null!;
    private PtxInstruction _instruction = null!;

    private KernelDecoder(PtxText text, ModuleLayout layout, PtxFunction kernel)
    {
        _shared = new SharedLayout(text, kernel);
        _text = text;
        _layout = layout;
    }

    /// <summary>Decodes a kernel.</summary>
    /// <exception cref="PtxException">It uses what the interpreter does not know.</exception>
    public static KernelProgram Decode(PtxText text, ModuleLayout layout, PtxFunction kernel)
    {
        var decoder = new KernelDecoder(text, layout, kernel);
        var parameters = new Dictionary<string, Symbol>();
        long offset = 0;
        foreach (var parameter in kernel.Parameters)
        {
            offset = ModuleLayout.Align(offset, parameter.Alignment);
            parameters[parameter.Name] = new(Space.Parameter, (ulong)offset);
            offset += parameter.Bytes;
        }

        decoder.DecodeFunction(kernel, parameters, 0);
        decoder.Emit(new ExitOperation { Line = kernel.Line, Source = "(end of the kernel)", Kind = PtxKind.Branch });
        return decoder.Finish(kernel);
    }

    private KernelProgram Finish(PtxFunction kernel)
    {
        for (int i = 0; i < _operations.Count; i++)
        {
            _operations[i].Index = i;
        }

        return new KernelProgram
        {
            Function = kernel,
            Operations = [.. _operations],
            Forms = [.. _operations.Select(o => o.Form)],
            Slots = _slots,
            Constants = [.. _constants.Select(c => (c.Value, c.Key))],
            Specials = [.. _specials.Select(s => (s.Value, s.Key))],
            LocalBytes = (int)ModuleLayout.Align(_localBytes, 16),
            SharedParts = _shared.Parts,
            SharedBytes = _shared.Bytes,
            DynamicShared = _shared.DynamicStart,
            HasDynamicShared = _shared.HasDynamic,
            GlobalGranuleShift = System.Numerics.BitOperations.Log2((uint)_smallestGlobal),
            SharedGranuleShift = System.Numerics.BitOperations.Log2((uint)_smallestShared),
        };
    }

    private void DecodeFunction(PtxFunction function, Dictionary<string, Symbol> parameters, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new PtxException(function.Line, $"calls are nested more than {MaximumDepth} deep: recursion is not supported");
        }

        var outer = _scope;
        var outerInstruction = _instruction;
        var scope = _scope = new FunctionScope(function, depth);
        foreach (var (name, symbol) in parameters)
        {
            scope.Symbols[name] = symbol;
        }

        foreach (var variable in function.Variables.Where(v => v.Space is "local" or "param"))
        {
            _localBytes = ModuleLayout.Align(_localBytes, Math.Max(variable.Alignment, 1));
            scope.Symbols[variable.Name] = new(Space.Local, (ulong)_localBytes);
            _localBytes += variable.Bytes;
        }

        foreach (var instruction in function.Body)
        {
            if (instruction.Targets.Length != 0)
            {
                scope.Tables[instruction.Label] = instruction.Targets;
            }
        }

        foreach (var instruction in function.Body)
        {
            _instruction = instruction;
            if (instruction.Label.Length == 0)
            {
                DecodeInstruction(instruction);
            }
            else if (instruction.Targets.Length == 0)
            {
                scope.Labels[instruction.Label] = _operations.Count;
            }
        }

        scope.Labels[FunctionScope.End] = _operations.Count;
        foreach (var (branch, label, line) in scope.Branches)
        {
            branch.Target = Place(label, line);
        }

        foreach (var (branch, table, line) in scope.TableBranches)
        {
            branch.Targets = scope.Tables.TryGetValue(table, out var targets)
                ? [.. targets.Select(t => Place(t, line))]
                : throw new PtxException(line, $"no table of targets {table}");
        }

        _scope = outer;
        _instruction = outerInstruction;

        int Place(string label, int line) =>
            scope.Labels.TryGetValue(label, out int place) ? place : throw new PtxException(line, $"no label {label}");
    }

    private void DecodeInstruction(PtxInstruction instruction)
    {
        bool known = instruction.Opcode switch
        {
            "bra" or "brx" or "ret" or "exit" or "trap" or "call" or "brkpt" => Control(instruction),
            "ld" or "ldu" or "st" or "atom" or "red" or "prefetch" or "prefetchu" or "discard" or "applypriority" or "cp" or "ldmatrix" or "stmatrix"
                => Memory(instruction),
            "bar" or "barrier" or "shfl" or "vote" or "match" or "redux" or "activemask" or "membar" or "fence" or "nanosleep" or "elect"
                or "griddepcontrol" or "pmevent" => Together(instruction),
            "mma" or "movmatrix" => Matrix(instruction),
            "mov" or "cvta" or "selp" or "slct" or "setp" or "set" or "isspacep" or "cvt" => Data(instruction),
            _ => Arithmetic(instruction),
        };
        if (!known)
        {
            throw Unknown("the interpreter does not know the instruction");
        }
    }

    private PtxException Unknown(string what) => new(_instruction.Line, $"{what}: {_instruction.Source}");

    private void Emit(Operation operation, PtxKind kind = PtxKind.Branch)
    {
        if (_instruction is { } instruction)
        {
            operation.Line = instruction.Line;
            operation.Source = instruction.Source;
            operation.Kind = kind;
            if (instruction.Guard.Length != 0)
            {
                operation.Guard = Register(instruction.Guard);
                operation.GuardNegated = instruction.GuardNegated;
            }
        }

        _operations.Add(operation);
    }

    private bool Control(PtxInstruction instruction)
    {
        var operands = instruction.Operands;
        switch (instruction.Opcode)
        {
            case "bra":
                var branch = new BranchOperation();
                _scope.Branches.Add((branch, operands[0].Name, instruction.Line));
                Emit(branch);
                return true;
            case "brx":
                var table = new BranchTableOperation(Source(operands[0], "u32"));
                _scope.TableBranches.Add((table, operands[1].Name, instruction.Line));
                Emit(table);
                return true;
            case "ret" when _scope.Depth > 0:
                var back = new BranchOperation();
                _scope.Branches.Add((back, FunctionScope.End, instruction.Line));
                Emit(back);
                return true;
            case "ret" or "exit":
                Emit(new ExitOperation());
                return true;
            case "trap" or "brkpt":
                Emit(new TrapOperation());
                return true;
            default:
                Call(operands);
                return true;
        }
    }

    private void Call(PtxOperand[] operands)
    {
        int at = operands[0].Kind == OperandKind.List ? 1 : 0;
        string name = operands[at].Name;
        if (!_text.Functions.TryGetValue(name, out var function) || !function.IsDefined)
        {
            throw Unknown($"there is no function {name}");
        }

        if (_instruction.Guard.Length != 0)
        {
            throw Unknown("a guarded call is not supported");
        }

        // What is passed lies where the caller put it.
        var symbols = new Dictionary<string, Symbol>();
        Bind(function.Results, at == 1 ? operands[0].Parts : []);
        Bind(function.Parameters, operands.Length > at + 1 ? operands[at + 1].Parts : []);
        DecodeFunction(function, symbols, _scope.Depth + 1);

        void Bind(List<PtxVariable> formal, PtxOperand[] actual)
        {
            if (formal.Count != actual.Length)
            {
                throw Unknown($"{name} has {formal.Count} parameters here, not {actual.Length}");
            }

            for (int i = 0; i < actual.Length; i++)
            {
                symbols[formal[i].Name] = _scope.Symbols[actual[i].Name];
            }
        }
    }
}
