using Dlc.Ptx.Decoding;
using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx;

/// <summary>A PTX module that is interpreted: every access, barrier and exchange of its kernels is checked. Safe from any thread.</summary>
public sealed unsafe class PtxModule : IDisposable
{
    private readonly PtxText _text;
    private readonly ModuleLayout _layout;
    private readonly Dictionary<string, KernelProgram> _programs = [];

    private PtxModule(PtxText text)
    {
        _text = text;
        _layout = new ModuleLayout(text);
    }

    /// <summary>The target, such as sm_80.</summary>
    public string Target => _text.Target;

    /// <summary>Names of the kernels.</summary>
    public IEnumerable<string> Kernels => _text.Functions.Values.Where(f => f.IsKernel).Select(f => f.Name);

    // What a block may have: 48 KiB declared in the text, and with dynamic memory what the generation offers.
    private long MaximumShared => int.Parse(new string([.. Target.Skip(3).TakeWhile(char.IsAsciiDigit)]), System.Globalization.CultureInfo.InvariantCulture) switch
    {
        >= 90 => 227 << 10,
        80 or 87 => 163 << 10,
        86 or 89 => 99 << 10,
        _ => 48 << 10,
    };

    /// <summary>Reads a module.</summary>
    /// <exception cref="PtxException">The text is no PTX that the interpreter knows; names the line.</exception>
    public static PtxModule Parse(string text) => new(ModuleReader.Read(text));

    /// <summary>Decodes every kernel, so that what the interpreter does not know is found without a launch.</summary>
    /// <exception cref="PtxException">A kernel uses what the interpreter does not know.</exception>
    public void DecodeAll()
    {
        foreach (string kernel in Kernels)
        {
            Program(kernel);
        }
    }

    /// <summary>Runs a kernel to its end.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="memory">The device memory that pointers among the arguments point to.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="block">Threads of a block.</param>
    /// <param name="sharedBytes">Bytes of dynamic shared memory.</param>
    /// <param name="arguments">As many as the kernel takes, each of its parameter's size.</param>
    /// <exception cref="PtxFault">A check failed.</exception>
    public LaunchStatistics Launch(string kernel, PtxMemory memory, Dim3 grid, Dim3 block, int sharedBytes, params ReadOnlySpan<PtxArgument> arguments) =>
        Launch(kernel, memory, grid, block, sharedBytes, new LaunchOptions(), arguments);

    /// <summary>Runs a kernel to its end.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="memory">The device memory that pointers among the arguments point to.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="block">Threads of a block.</param>
    /// <param name="sharedBytes">Bytes of dynamic shared memory.</param>
    /// <param name="options">What the launch allows.</param>
    /// <param name="arguments">As many as the kernel takes, each of its parameter's size.</param>
    /// <exception cref="PtxFault">A check failed.</exception>
    public LaunchStatistics Launch(
        string kernel, PtxMemory memory, Dim3 grid, Dim3 block, int sharedBytes, LaunchOptions options, params ReadOnlySpan<PtxArgument> arguments)
    {
        var program = Program(kernel);
        Check(program, grid, block, sharedBytes);
        using var values = Arguments(program.Function, memory, arguments);
        var launch = new Launch
        {
            Program = program,
            ModuleGlobals = _layout.Globals,
            Constants = _layout.Constants,
            Arguments = values,
            Memory = memory,
            Grid = grid,
            Block = block,
            DynamicShared = sharedBytes,
            Options = options,
            Budget = options.InstructionBudget,
        };

        // The module's own variables are part of the device's memory too.
        using var ownVariables = (_layout.Globals.Length == 0 ? new Lock() : _layout.Lock).EnterScope();
        using var deviceMemory = memory.Lock.EnterScope();
        try
        {
            using var runner = new BlockRunner(launch);
            for (int i = 0; i < grid.Count; i++)
            {
                runner.Run(i);
            }

            runner.Access.Report();
        }
        finally
        {
            foreach (var region in memory.Regions.Concat(_layout.Globals))
            {
                region.StopRecording();
            }
        }

        return launch.Statistics;
    }

    /// <inheritdoc/>
    public void Dispose() => _layout.Dispose();

    private static Region Arguments(PtxFunction function, PtxMemory memory, ReadOnlySpan<PtxArgument> arguments)
    {
        if (arguments.Length != function.Parameters.Count)
        {
            throw new PtxFault(PtxCheck.Launch, function.Name, $"{arguments.Length} arguments for {function.Parameters.Count} parameters");
        }

        long size = 0;
        foreach (var parameter in function.Parameters)
        {
            size = ModuleLayout.Align(size, parameter.Alignment) + parameter.Bytes;
        }

        var region = new Region("the arguments", size, 0) { IsReadOnly = true };
        long offset = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            var parameter = function.Parameters[i];
            offset = ModuleLayout.Align(offset, parameter.Alignment);
            if (parameter.Bytes != arguments[i].Bytes)
            {
                region.Dispose();
                throw new PtxFault(
                    PtxCheck.Launch, function.Name, $"argument {i} has {arguments[i].Bytes} bytes, parameter {parameter.Name} has {parameter.Bytes}");
            }

            // What points nowhere cannot be used, and then its alignment does not matter.
            if (arguments[i].Bits % (ulong)parameter.PointeeAlignment != 0 && memory.Find(arguments[i].Bits) is not null)
            {
                region.Dispose();
                throw new PtxFault(
                    PtxCheck.Launch, function.Name, $"argument {i} is 0x{arguments[i].Bits:x}, {parameter.Name} is a multiple of {parameter.PointeeAlignment}");
            }

            for (int b = 0; b < parameter.Bytes; b++)
            {
                region.Data[offset + b] = (byte)(arguments[i].Bits >> (8 * b));
                region.Valid[offset + b] = 1;
            }

            offset += parameter.Bytes;
        }

        return region;
    }

    private KernelProgram Program(string kernel)
    {
        lock (_programs)
        {
            if (!_programs.TryGetValue(kernel, out var program))
            {
                var function = _text.Functions.GetValueOrDefault(kernel);
                if (function is not { IsKernel: true, IsDefined: true })
                {
                    throw new PtxFault(PtxCheck.Launch, kernel, $"the module has no such kernel; it has {string.Join(", ", Kernels)}");
                }

                _programs[kernel] = program = KernelDecoder.Decode(_text, _layout, function);
            }

            return program;
        }
    }

    private void Check(KernelProgram program, Dim3 grid, Dim3 block, int sharedBytes)
    {
        const int maximumThreads = 1024, maximumStatic = 48 << 10;
        var function = program.Function;
        PtxFault Fail(string what) => new(PtxCheck.Launch, function.Name, what);
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || grid.Y > 65535 || grid.Z > 65535)
        {
            throw Fail($"a grid of {grid}");
        }

        if (grid.Count > AccessStamp.MaximumBlocks)
        {
            throw Fail($"a grid of {grid} is more than the interpreter's {AccessStamp.MaximumBlocks} blocks");
        }

        if (block.X < 1 || block.Y < 1 || block.Z is < 1 or > 64 || block.Count > maximumThreads)
        {
            throw Fail($"a block of {block}");
        }

        if (function.MaximumBlock.Length != 0 && block.Count > function.MaximumBlock.Aggregate(1L, (a, b) => a * b))
        {
            throw Fail($"a block of {block}, the kernel allows {string.Join(" x ", function.MaximumBlock)}");
        }

        if (function.RequiredBlock.Length != 0 && block.Count != function.RequiredBlock.Aggregate(1L, (a, b) => a * b))
        {
            throw Fail($"a block of {block}, the kernel requires {string.Join(" x ", function.RequiredBlock)}");
        }

        if (program.SharedBytes > maximumStatic)
        {
            throw Fail($"{program.SharedBytes} bytes of shared variables, more than {maximumStatic}");
        }

        if (sharedBytes < 0 || program.SharedBytes + sharedBytes > MaximumShared)
        {
            throw Fail($"{program.SharedBytes} + {sharedBytes} bytes of shared memory, {Target} has {MaximumShared}");
        }

        if (sharedBytes > 0 && !program.HasDynamicShared)
        {
            throw Fail($"{sharedBytes} bytes of dynamic shared memory for a kernel that declares none");
        }
    }
}
