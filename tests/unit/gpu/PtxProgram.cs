using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Dlc.Ptx;

namespace Dlc.Tests.Gpu;

/// <summary>Runs a lowered program without control flow in the PTX interpreter, each buffer in an allocation of its own.</summary>
internal sealed class PtxProgram(DimContext dims, bool narrow = true, PtxTarget? target = null, bool alternatives = true) : IDisposable
{
    private readonly Dictionary<LoweredBuffer, ulong> _addresses = [];
    private readonly PtxMemory _memory = new();
    private readonly DimEvaluator _evaluator = new(dims);

    /// <summary>What each launch that had work items did.</summary>
    internal List<LaunchStatistics> Statistics { get; } = [];

    internal IReadOnlyList<Tensor> Run(LoweredProgram program, IReadOnlyList<Tensor> inputs)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            _addresses[program.Inputs[i]] = _memory.Allocate<byte>(inputs[i].Bytes, $"input {i}");
            for (var axis = 0; axis < inputs[i].Rank; axis++)
            {
                if (program.Inputs[i].Type.Shape[axis] is { IsSymbol: true } symbol && !_evaluator.IsBound(symbol))
                {
                    _evaluator.Bind(symbol, inputs[i].Dims[axis]);
                }
            }
        }

        foreach (var step in program.Steps)
        {
            switch (step)
            {
                case LaunchStep launch:
                    var (kernel, items) = launch.Alternatives.Where(a => alternatives && narrow && _evaluator.Evaluate(a.When) != 0).Select(a => (a.Kernel, a.WorkItems))
                        .FirstOrDefault((launch.Kernel, launch.WorkItems));
                    var failed = PtxLaunch.Run(kernel, _memory, [.. launch.Buffers.Select(Address)], [.. kernel.DimParameters.Select(_evaluator.Evaluate)],
                        _evaluator.Evaluate(items), _evaluator.Evaluate(launch.ScratchBytes), narrow, target, Statistics);
                    if (failed != 0)
                    {
                        throw new DlcException(ErrorCodes.BadInput, launch.Kernel.Checks[failed - 1]);
                    }

                    break;
                case CopyStep copy:
                    _memory.CopyIn<byte>(Address(copy.Destination), Bytes(copy.Source));
                    break;
                default:
                    throw new InvalidOperationException($"no {step.GetType().Name} here");
            }
        }

        return [.. program.Outputs.Select(o => new Tensor(o.Type.Element, [.. o.Type.Shape.Dims.Select(_evaluator.Evaluate)], Bytes(o)))];
    }

    public void Dispose() => _memory.Dispose();

    private byte[] Bytes(LoweredBuffer buffer) => _memory.Read<byte>(Address(buffer), (int)Size(buffer));

    private long Size(LoweredBuffer buffer) => _evaluator.Evaluate(buffer.Type.Shape.ElementCount(dims)) * buffer.Type.Element.Bytes();

    private ulong Address(LoweredBuffer buffer)
    {
        while (buffer.AliasOf is { } of)
        {
            buffer = of;
        }

        if (!_addresses.TryGetValue(buffer, out var address))
        {
            var name = buffer.Name ?? $"b{buffer.Id}";
            address = buffer.Constant is { } constant ? _memory.Allocate<byte>(constant.Bytes, name) : _memory.Allocate(Size(buffer), name);
            _addresses.Add(buffer, address);
        }

        return address;
    }
}
