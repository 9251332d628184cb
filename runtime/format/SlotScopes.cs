using static Dlc.Runtime.Format.ModelValidator;

namespace Dlc.Runtime.Format;

/// <summary>Which slots are defined where: a slot is defined once and may be used until the program that defines it ends.</summary>
internal sealed class SlotScopes
{
    public const int Undefined = -1;
    private readonly ExecutableModel _model;

    // The program that defined each slot, and whether that program is on the way from the main program to where we are.
    private readonly int[] _definedIn;
    private readonly bool[] _open;
    private readonly bool[] _used;

    /// <summary>Begins in the main program.</summary>
    public SlotScopes(ExecutableModel model)
    {
        _model = model;
        _definedIn = Filled(model.SlotNames.Length);
        _open = new bool[model.Programs.Length];
        _used = new bool[model.Programs.Length];
        _open[0] = _used[0] = true;
    }

    public static int[] Filled(int count)
    {
        var result = new int[count];
        Array.Fill(result, Undefined);
        return result;
    }

    public void Enter(int program, int parent, string place)
    {
        Demand((uint)program < (uint)_used.Length && program > parent, $"{place} runs program {program}, which is not there or encloses it");
        Demand(!_used[program], $"{place} runs program {program}, which another step runs already");
        _used[program] = _open[program] = true;
    }

    public void Leave(int program) => _open[program] = false;

    public bool IsOpen(int program) => _open[program];

    public void CheckAllRun()
    {
        for (int p = 0; p < _used.Length; p++)
        {
            Demand(_used[p], $"no step runs program {p} '{_model.Programs[p].Name}'");
        }
    }

    public void Define(int slot, int program, string place)
    {
        Demand((uint)slot < (uint)_definedIn.Length, $"{place} defines slot {slot} of {_definedIn.Length}");
        Demand(_definedIn[slot] == Undefined, $"{place} defines slot {slot} again");
        _definedIn[slot] = program;
    }

    public void Use(int slot, string place)
    {
        Demand((uint)slot < (uint)_definedIn.Length, $"{place} uses slot {slot} of {_definedIn.Length}");
        Demand(_definedIn[slot] != Undefined && _open[_definedIn[slot]], $"{place} uses slot {slot} '{_model.SlotNames[slot]}' where it is not defined");
    }

    public void UseOptional(int slot, string place)
    {
        if (slot != -1)
        {
            Use(slot, place);
        }
    }
}
