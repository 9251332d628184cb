using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Dlc.Ptx;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Codegen;

/// <summary>Runs a kernel in the interpreter and compiled for every target that this processor has, and compares all buffers.</summary>
internal static class Compare
{
    internal static IEnumerable<CpuTarget> Targets => new[] { CpuTarget.V3, CpuTarget.V4 }.Where(t => t.RunsHere());

    /// <summary>Asserts that written buffers agree to <paramref name="tolerance"/> relative to their magnitude, integers exactly.</summary>
    internal static void Check(Kernel kernel, DimEvaluator bindings, double tolerance, params byte[][] buffers) =>
        Check(kernel, tolerance, (kernel.DimParameters.Select(bindings.Evaluate).ToArray(), buffers));

    /// <summary>As above for several values of the kernel's dims, compiled once.</summary>
    internal static void Check(Kernel kernel, double tolerance, params (long[] Dims, byte[][] Buffers)[] cases)
    {
        CpuTarget[] targets = [.. Targets];
        NativeKernels[] compiled = [.. targets.Select(t => new NativeKernels([kernel], t))];
        foreach ((long[] dims, byte[][] buffers) in cases)
        {
            long Value(Dim dim) => dim.IsConstant ? dim.Constant : dims[kernel.DimParameters.Items.IndexOf(dim)];
            long items = kernel.WorkItems is DimExpr extent ? Value(extent.Dim) : ((IntLiteral)kernel.WorkItems).Value;
            byte[][] expected = [.. buffers.Select(b => (byte[])b.Clone())];
            int status = Interpreter.Run(kernel, [.. expected.Select(b => b.AsMemory())], dims, 0, items);
            for (int t = 0; t < targets.Length; t++)
            {
                // Any size will do for tests: scratch dims are no parameters of the kernel.
                const int scratch = 1 << 16;
                byte[][] actual = [.. buffers.Select(b => (byte[])b.Clone())];
                Assert.Equal(status, compiled[t].Run(0, actual, dims, scratch, 0, items));
                for (int i = 0; i < buffers.Length; i++)
                {
                    AssertEqual(kernel, targets[t].Name, kernel.Parameters[i], expected[i], actual[i], tolerance);
                }
            }

            if (!HasTiles(kernel.Body))
            {
                CheckOnGpu(kernel, tolerance, dims, buffers, items, status, expected);
            }
        }

        foreach (NativeKernels native in compiled)
        {
            native.Dispose();
        }
    }

    /// <summary>The same kernel as PTX with narrow and with wide indices. Register tiles of processors have no form there.</summary>
    private static void CheckOnGpu(Kernel kernel, double tolerance, long[] dims, byte[][] buffers, long items, int status, byte[][] expected)
    {
        foreach (bool narrow in new[] { true, false })
        {
            using PtxMemory memory = new();
            ulong[] addresses = [.. buffers.Select(b => memory.Allocate<byte>(b))];
            int found = PtxLaunch.Run(kernel, memory, addresses, dims, items, narrow: narrow);

            // Of several checks that fail a processor reports the first in the order of work items, a GPU the first in the text.
            Assert.Equal(status == 0, found == 0);
            for (int i = 0; i < buffers.Length; i++)
            {
                byte[] actual = memory.Read<byte>(addresses[i], buffers[i].Length);
                AssertEqual(kernel, narrow ? "PTX" : "wide PTX", kernel.Parameters[i], expected[i], actual, tolerance);
            }
        }
    }

    private static bool HasTiles(Stmt? statement) => statement switch
    {
        TileDeclareStmt => true,
        BlockStmt block => block.Body.Any(HasTiles),
        ForStmt loop => HasTiles(loop.Body),
        WhileStmt loop => HasTiles(loop.Body),
        IfStmt branch => HasTiles(branch.Then) || HasTiles(branch.Else),
        _ => false,
    };

    internal static byte[] Bytes<T>(params T[] values)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(values).ToArray();

    internal static byte[] Random(ElementType type, int count, int seed, double low = -4, double high = 4)
    {
        Random random = new(seed);
        byte[] bytes = new byte[count * type.Bytes()];
        for (int i = 0; i < count; i++)
        {
            double value = low + (random.NextDouble() * (high - low));
            InterpreterScalar scalar = type.IsFloat()
                ? InterpreterScalar.Of(type, value)
                : type == ElementType.Bool ? InterpreterScalar.Of(random.Next(2) == 1)
                : InterpreterScalar.Of(type, (long)Math.Floor(value));
            scalar.Write(bytes, i);
        }

        return bytes;
    }

    private static void AssertEqual(Kernel kernel, string target, KernelBuffer buffer, byte[] expected, byte[] actual, double tolerance)
    {
        for (int i = 0; i < expected.Length / buffer.Type.Bytes(); i++)
        {
            InterpreterScalar e = InterpreterScalar.Read(buffer.Type, expected, i);
            InterpreterScalar a = InterpreterScalar.Read(buffer.Type, actual, i);
            bool same = buffer.Type.IsFloat()
                ? (double.IsNaN(e.Float) && double.IsNaN(a.Float)) || e.Float == a.Float
                    || Math.Abs(e.Float - a.Float) <= tolerance * Math.Max(1, Math.Abs(e.Float))
                : e.Integer == a.Integer;
            Assert.True(same, $"{target}: {buffer}[{i}] is {a}, expected {e}\n{kernel}");
        }
    }
}
