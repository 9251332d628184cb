using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>Runs a lowered program step by step with the kernel interpreter: the oracle between <c>Evaluate</c> and compiled code.</summary>
public sealed class ProgramInterpreter(DimContext dims)
{
    private readonly Dictionary<LoweredBuffer, Memory<byte>> _memory = [];
    private DimEvaluator _evaluator = new(dims);

    /// <summary>
    /// Runs a program. The dims of the inputs bind the symbols of their types; further ones come from <paramref name="bindings"/>.
    /// </summary>
    public IReadOnlyList<Tensor> Run(LoweredProgram program, IReadOnlyList<Tensor> inputs, params ReadOnlySpan<(Dim Symbol, long Value)> bindings)
    {
        _evaluator = new DimEvaluator(dims);
        _memory.Clear();
        foreach (var (symbol, value) in bindings)
        {
            _evaluator.Bind(symbol, value);
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            var buffer = program.Inputs[i];
            _memory[buffer] = inputs[i].Bytes.ToArray();
            for (var axis = 0; axis < inputs[i].Rank; axis++)
            {
                if (buffer.Type.Shape[axis] is { IsSymbol: true } symbol && !_evaluator.IsBound(symbol))
                {
                    _evaluator.Bind(symbol, inputs[i].Dims[axis]);
                }
            }
        }

        foreach (var step in program.Steps)
        {
            Run(step);
        }

        return [.. program.Outputs.Select(Read)];
    }

    private void Run(Step step)
    {
        switch (step)
        {
            case LaunchStep launch:
                // What runs under a condition must be right wherever the condition holds.
                var (kernel, items) = launch.Alternatives.Where(a => _evaluator.Evaluate(a.When) != 0).Select(a => (a.Kernel, a.WorkItems))
                    .FirstOrDefault((launch.Kernel, launch.WorkItems));
                var bindings = kernel.DimParameters.Select(_evaluator.Evaluate).ToArray();
                var buffers = launch.Buffers.Select(Memory).ToArray();
                var failed = Interpreter.Run(kernel, buffers, bindings, 0, _evaluator.Evaluate(items));
                if (failed != 0)
                {
                    throw new DlcException(ErrorCodes.BadInput, launch.Kernel.Checks[failed - 1]);
                }

                break;
            case CopyStep copy:
                Memory(copy.Source).CopyTo(Memory(copy.Destination));
                break;
            case BindDimStep bind:
                _evaluator.Bind(bind.Symbol, BitConverter.ToInt64(Memory(bind.Scalar).Span));
                break;
            default:
                throw new InvalidOperationException($"the program interpreter does not run a {step.GetType().Name}");
        }
    }

    private Memory<byte> Memory(LoweredBuffer buffer)
    {
        while (buffer.AliasOf is { } of)
        {
            buffer = of;
        }

        if (!_memory.TryGetValue(buffer, out var memory))
        {
            memory = buffer.Constant is { } constant ? constant.Bytes.ToArray()
                : new byte[_evaluator.Evaluate(buffer.Type.Shape.ElementCount(dims)) * buffer.Type.Element.Bytes()];
            _memory.Add(buffer, memory);
        }

        return memory;
    }

    private Tensor Read(LoweredBuffer buffer) =>
        new(buffer.Type.Element, [.. buffer.Type.Shape.Dims.Select(_evaluator.Evaluate)], Memory(buffer).ToArray());
}
