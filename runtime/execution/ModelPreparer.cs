using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Prepares a validated model: numbers steps and bind points in the order of execution, finds for each value the first bind point at
/// which its size and address are known, and its lifetime in step positions.
/// </summary>
internal sealed class ModelPreparer
{
    private readonly ExecutableModel _model;
    private readonly Func<long, nint> _entryOf;
    private readonly List<PreparedPoint> _points = [];
    private readonly List<PreparedStep> _steps = [];
    private readonly List<PreparedLoop> _loops = [];
    private readonly List<CarriedInfo> _carried = [];
    private readonly List<(int Start, int End)> _carriedLoops = [];
    private readonly int[] _slotPoint;
    private readonly int[] _carriedOf;
    private readonly ValueRole[] _roles;
    private readonly MentionTable _mentions;
    private int _position;
    private int _scans;
    private int _maxBuffers;
    private int _maxDims;

    private ModelPreparer(ExecutableModel model, Func<long, nint> entryOf)
    {
        _model = model;
        _entryOf = entryOf;
        _slotPoint = new int[model.SlotNames.Length];
        _carriedOf = new int[model.Values.Length];
        Array.Fill(_carriedOf, -1);
        _roles = new ValueRole[model.Values.Length];
        _mentions = new MentionTable(model);
    }

    /// <summary>Prepares <paramref name="model"/>; <paramref name="entryOf"/> turns a code offset into an address.</summary>
    public static PreparedModel Prepare(ExecutableModel model, Func<long, nint> entryOf) => new ModelPreparer(model, entryOf).Run();

    private PreparedModel Run()
    {
        NewPoint(_model.Entry, []);
        int keyLength = 0;
        foreach (var input in _model.Inputs)
        {
            keyLength += input.Axes.Length;
            _mentions.Add(input.Value, 0, 0);
        }

        _position = 1;
        var main = Walk(0);
        foreach (var output in _model.Outputs)
        {
            _mentions.Add(output.Value, _position, 0);
        }

        _mentions.Finish();
        var addresses = new AddressAssigner(_model, _mentions, _slotPoint, _carriedOf, _carried, _roles);
        addresses.AssignRoles(_loops);
        addresses.AssignPoints(_points, _carriedLoops);
        foreach (var loop in _loops)
        {
            var scans = loop.Loop.ScanOutputs;
            loop.ScanIsPlaced = new bool[scans.Length];
            for (int i = 0; i < scans.Length; i++)
            {
                loop.ScanIsPlaced[i] = addresses.PointOf(scans[i].Final) < loop.BodyPoint;
            }
        }

        return new PreparedModel
        {
            Model = _model,
            Main = main,
            Points = [.. _points],
            Roles = _roles,
            CarriedOf = _carriedOf,
            Carried = [.. _carried],
            ScanCount = _scans,
            Steps = [.. _steps],
            MaxBuffers = _maxBuffers,
            MaxDims = _maxDims,
            KeyLength = keyLength,
        };
    }

    private int NewPoint(BindPoint source, string[] origins)
    {
        int id = _points.Count;
        _points.Add(new PreparedPoint { Id = id, Source = source, Origins = origins });
        foreach (var instruction in source.Instructions)
        {
            _slotPoint[instruction.Target] = id;
        }

        return id;
    }

    private PreparedStep[] Walk(int program)
    {
        var steps = _model.Programs[program].Steps;
        var prepared = new PreparedStep[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            int index = _steps.Count;
            _steps.Add(null!);
            var step = Prepare(steps[i], program);
            step.Index = index;
            _steps[index] = step;
            prepared[i] = step;
        }

        return prepared;
    }

    private PreparedStep Prepare(Step step, int program)
    {
        int position = _position++;
        switch (step)
        {
            case LaunchStep launch:
                foreach (int value in launch.Buffers)
                {
                    _mentions.Add(value, position, program);
                }

                _maxBuffers = Math.Max(_maxBuffers, launch.Buffers.Length);
                _maxDims = Math.Max(_maxDims, launch.Dims.Length);
                var variants = new PreparedVariant[launch.Variants.Length];
                for (int i = 0; i < variants.Length; i++)
                {
                    var v = launch.Variants[i];
                    variants[i] = new(_entryOf(v.CodeOffset), v.PredicateSlot, v.ExtentSlot, v.GrainSlot, v.ScratchSlot);
                }

                return new PreparedLaunch(launch, position, variants);
            case CopyStep copy:
                _mentions.Add(copy.Source, position, program);
                _mentions.Add(copy.Destination, position, program);
                return new PreparedCopy(copy, position);
            case BindSlotStep bind:
                _mentions.Add(bind.Value, position, program);
                int point = NewPoint(bind.Then, bind.Origins);
                _slotPoint[bind.Slot] = point;
                return new PreparedBindSlot(bind, position, point);
            case IfStep branch:
                return PrepareIf(branch, position, program);
            case LoopStep loop:
                return PrepareLoop(loop, position, program);
            default:
                throw new InvalidOperationException($"unknown step {step.GetType().Name}");
        }
    }

    private PreparedIf PrepareIf(IfStep branch, int position, int program)
    {
        _mentions.Add(branch.Condition, position, program);
        _mentions.Enter(branch.ThenProgram, program);
        var then = Walk(branch.ThenProgram);
        _mentions.Enter(branch.ElseProgram, program);
        var otherwise = Walk(branch.ElseProgram);
        int end = _position++;
        int exit = NewPoint(branch.Exit, branch.Origins);
        foreach (var result in branch.Results)
        {
            // The copy to the output happens here: both must be alive, and apart.
            _mentions.Add(result.ThenValue, end, branch.ThenProgram);
            _mentions.Add(result.ElseValue, end, branch.ElseProgram);
            _mentions.Add(result.Output, end, program);
            DefineAxes(result.OutputSlots, exit);
        }

        return new PreparedIf(branch, position, then, otherwise, exit);
    }

    private PreparedLoop PrepareLoop(LoopStep loop, int position, int program)
    {
        AddOptional(loop.TripCountValue, position, program);
        AddOptional(loop.Condition, position, program);
        int body = loop.Body;
        int bodyStart = _position++;
        int bodyPoint = NewPoint(loop.BodyEntry, loop.Origins);
        int firstCarried = _carried.Count;
        int firstScan = _scans;
        _scans += loop.ScanOutputs.Length;
        foreach (var carried in loop.Carried)
        {
            _carriedOf[carried.BodyIn] = _carried.Count;
            _carried.Add(new CarriedInfo { BodyIn = carried.BodyIn, BodyPoint = bodyPoint, PassesThrough = carried.BodyIn == carried.BodyOut });
            _carriedLoops.Add(default);
            DefineAxes(carried.BodyInSlots, bodyPoint);
        }

        if (loop.IterationSlot != -1)
        {
            _slotPoint[loop.IterationSlot] = bodyPoint;
        }

        _mentions.Enter(body, program);
        AddOptional(loop.BodyIteration, bodyStart, body);
        AddOptional(loop.BodyConditionIn, bodyStart, body);
        var steps = Walk(body);
        int bodyEnd = _position++;
        AddOptional(loop.BodyConditionOut, bodyEnd, body);
        int end = _position++;
        _mentions.SetLoop(body, position, end);
        int exit = NewPoint(loop.Exit, loop.Origins);
        if (loop.ExecutedSlot != -1)
        {
            _slotPoint[loop.ExecutedSlot] = exit;
        }

        for (int i = 0; i < loop.Carried.Length; i++)
        {
            var carried = loop.Carried[i];

            // The first iteration reads the initial value where it is.
            _mentions.Add(carried.Initial, position, program);
            _mentions.Add(carried.Initial, end, program);
            _mentions.Add(carried.BodyIn, bodyStart, body);
            _mentions.Add(carried.BodyOut, bodyEnd, body);
            AddOptional(carried.Final, end, program);
            DefineAxes(carried.FinalSlots, exit);
            _carriedLoops[firstCarried + i] = (position, end);
        }

        foreach (var scan in loop.ScanOutputs)
        {
            // A final value of known size is written while the loop runs.
            _mentions.Add(scan.BodyOut, bodyEnd, body);
            _mentions.Add(scan.Final, position, program);
            _mentions.Add(scan.Final, end, program);
            DefineAxes(scan.FinalSlots, exit);
        }

        var prepared = new PreparedLoop(loop, position)
        {
            Body = steps,
            BodyPoint = bodyPoint,
            ExitPoint = exit,
            FirstCarried = firstCarried,
            FirstScan = firstScan,
        };
        _loops.Add(prepared);
        return prepared;
    }

    private void AddOptional(int value, int position, int program)
    {
        if (value != -1)
        {
            _mentions.Add(value, position, program);
        }
    }

    private void DefineAxes(int[] slots, int point)
    {
        foreach (int slot in slots)
        {
            if (slot != -1)
            {
                _slotPoint[slot] = point;
            }
        }
    }
}
