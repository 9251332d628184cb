using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Prepares a validated model: numbers steps and bind points in the order of execution, finds for each value the first bind point at
/// which its size and address are known, and its lifetime in each order of the steps.
/// </summary>
internal sealed class ModelPreparer
{
    private readonly ExecutableModel _model;
    private readonly Func<long, nint> _entryOf;
    private readonly List<PreparedPoint> _points = [];
    private readonly List<PreparedStep> _steps = [];
    private readonly List<PreparedLoop> _loops = [];
    private readonly List<CarriedInfo> _carried = [];
    private readonly int[] _slotPoint;
    private readonly int[] _carriedOf;
    private readonly ValueRole[] _roles;
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
        }

        var main = Walk(0);
        var walkers = new List<OrderWalker> { new(_model, main, _steps.Count) };
        foreach (int[] order in _model.Programs[0].Orders)
        {
            walkers.Add(new OrderWalker(_model, [.. order.Select(i => main[i])], _steps.Count));
        }

        var addresses = new AddressAssigner(_model, walkers[0].Mentions, _slotPoint, _carriedOf, _carried, _roles);
        addresses.AssignRoles(_loops);
        addresses.AssignPoints(_points, _steps.OfType<PreparedLaunch>());
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
            Orders = [.. walkers.Select(w => w.Finish(_points))],
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
            var step = Prepare(steps[i]);
            step.Index = index;
            _steps[index] = step;
            prepared[i] = step;
        }

        return prepared;
    }

    private PreparedStep Prepare(Step step)
    {
        switch (step)
        {
            case LaunchStep launch:
                _maxBuffers = Math.Max(_maxBuffers, launch.Buffers.Length);
                _maxDims = Math.Max(_maxDims, launch.Dims.Length);
                var variants = new PreparedVariant[launch.Variants.Length];
                for (int i = 0; i < variants.Length; i++)
                {
                    var v = launch.Variants[i];
                    variants[i] = new(_entryOf(v.CodeOffset), v.PredicateSlot, v.ExtentSlot, v.GrainSlot, v.ScratchSlot, v.Gpu, v.Dims);
                    _maxDims = Math.Max(_maxDims, v.Dims?.Length ?? 0);
                }

                return new PreparedLaunch(launch, variants);
            case CopyStep copy:
                return new PreparedCopy(copy);
            case BindSlotStep bind:
                int point = NewPoint(bind.Then, bind.Origins);
                _slotPoint[bind.Slot] = point;
                return new PreparedBindSlot(bind, point);
            case IfStep branch:
                return PrepareIf(branch);
            case LoopStep loop:
                return PrepareLoop(loop);
            default:
                throw new InvalidOperationException($"unknown step {step.GetType().Name}");
        }
    }

    private PreparedIf PrepareIf(IfStep branch)
    {
        var then = Walk(branch.ThenProgram);
        var otherwise = Walk(branch.ElseProgram);
        int exit = NewPoint(branch.Exit, branch.Origins);
        foreach (var result in branch.Results)
        {
            DefineAxes(result.OutputSlots, exit);
        }

        return new PreparedIf(branch, then, otherwise, exit);
    }

    private PreparedLoop PrepareLoop(LoopStep loop)
    {
        int bodyPoint = NewPoint(loop.BodyEntry, loop.Origins);
        int firstCarried = _carried.Count;
        int firstScan = _scans;
        _scans += loop.ScanOutputs.Length;
        foreach (var carried in loop.Carried)
        {
            _carriedOf[carried.BodyIn] = _carried.Count;
            _carried.Add(new CarriedInfo { BodyIn = carried.BodyIn, BodyPoint = bodyPoint, PassesThrough = carried.BodyIn == carried.BodyOut });
            DefineAxes(carried.BodyInSlots, bodyPoint);
        }

        if (loop.IterationSlot != -1)
        {
            _slotPoint[loop.IterationSlot] = bodyPoint;
        }

        var steps = Walk(loop.Body);
        int exit = NewPoint(loop.Exit, loop.Origins);
        if (loop.ExecutedSlot != -1)
        {
            _slotPoint[loop.ExecutedSlot] = exit;
        }

        foreach (var carried in loop.Carried)
        {
            DefineAxes(carried.FinalSlots, exit);
        }

        foreach (var scan in loop.ScanOutputs)
        {
            DefineAxes(scan.FinalSlots, exit);
        }

        var prepared = new PreparedLoop(loop)
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
