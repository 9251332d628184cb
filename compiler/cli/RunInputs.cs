using Dlc.Compiler.IO;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>Binds all inputs of a model: from files where they are given, drawn at random elsewhere.</summary>
internal static class RunInputs
{
    /// <summary>Binds; returns the dims of each input in the model's order.</summary>
    public static long[][] Bind(CompiledModel model, RunBinding binding, IReadOnlyDictionary<string, TensorData> files,
        IReadOnlyDictionary<string, long> sizes, IReadOnlyDictionary<string, FillRange> fills)
    {
        if (fills.Keys.FirstOrDefault(name => model.Inputs.All(i => i.Name != name)) is { } unknown)
        {
            throw new DlcException(ErrorCodes.BadInput, $"--fill names '{unknown}', which is no input; the inputs are {string.Join(", ", model.Inputs)}");
        }

        var shapes = InputShapes.Find(model, files.ToDictionary(f => f.Key, f => f.Value.Dims.ToArray()), sizes);
        for (var i = 0; i < shapes.Length; i++)
        {
            var input = model.Inputs[i];
            var bytes = files.TryGetValue(input.Name, out var file)
                ? file.Bytes : RandomTensor.Create(input.Name, input.Type, Count(input, shapes[i]), fills.GetValueOrDefault(input.Name));
            binding.BindInputBytes(input.Name, bytes, shapes[i]);
        }

        return shapes;
    }

    private static long Count(TensorInfo input, long[] dims)
    {
        try
        {
            return dims.Contains(0) ? 0 : dims.Aggregate(1L, (count, dim) => checked(count * dim));
        }
        catch (OverflowException)
        {
            throw new DlcException(ErrorCodes.BadInput, $"input '{input.Name}' of [{string.Join(", ", dims)}] has more than 2^63 elements");
        }
    }
}
