using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Text;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed class ExecutableFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"dlc-{Guid.NewGuid():N}.dlcx");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Hashes_match_the_published_values()
    {
        Assert.Equal(0xEF46DB3751D8E999UL, XxHash64.Hash([]));
        Assert.Equal(0xD24EC4F1A98C6E5BUL, XxHash64.Hash("a"u8));
        Assert.Equal(0x44BC2CF5AD770999UL, XxHash64.Hash("abc"u8));
        var bytes = Enumerable.Range(0, 1000).Select(i => (byte)i).ToArray();
        var parts = new XxHash64();
        for (int at = 0, step = 1; at < bytes.Length; at += step, step = 1 + (step * 7 % 45))
        {
            parts.Append(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)));
        }

        Assert.Equal(XxHash64.Hash(bytes), parts.Finish());
    }

    [Fact]
    public void A_file_runs_its_machine_code_on_its_constants()
    {
        ExecutableWriter.Write(Machine(), _path);
        using var model = CompiledModel.Load(_path);
        using var session = model.CreateSession(new SessionOptions { Threads = 2 });
        var y = session.Run(("x", Tensor.Create([1L, 2, 3], [3])));
        Assert.Equal([2L, 3, 4], y["y"].ToArray<long>());
        Assert.Equal([101L, 201, 301], y["c"].ToArray<long>());
        ExecutableReader.VerifyConstants(_path);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(17 << 20, false)]
    public void What_was_read_runs_whatever_becomes_of_the_file(int padding, bool mapsConstants)
    {
        var machine = Machine();
        ExecutableWriter.Write(machine with { Constants = [.. machine.Constants, ConstantData.From(new byte[padding])] }, _path);
        using var model = CompiledModel.Load(_path, mapsConstants);
        using (var file = File.OpenWrite(_path))
        {
            file.SetLength(0);
        }

        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([101L, 201, 301], session.Run(("x", Tensor.Create([1L, 2, 3], [3])))["c"].ToArray<long>());
    }

    [Fact]
    public void A_file_may_be_replaced_while_it_is_used()
    {
        var machine = Machine();
        ExecutableWriter.Write(machine with { Constants = [.. machine.Constants, ConstantData.From(new byte[17 << 20])] }, _path);
        using var model = CompiledModel.Load(_path);
        ExecutableWriter.Write(Everything(), _path);
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([101L, 201, 301], session.Run(("x", Tensor.Create([1L, 2, 3], [3])))["c"].ToArray<long>());
    }

    [Fact]
    public void A_model_runs_from_memory_as_from_a_file()
    {
        using var model = CompiledModel.FromModel(Machine());
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([101L, 201, 301], session.Run(("x", Tensor.Create([1L, 2, 3], [3])))["c"].ToArray<long>());
    }

    [Fact]
    public void What_is_written_reads_back_to_the_same_bytes()
    {
        foreach (var model in new[] { Machine(), Everything() })
        {
            ExecutableWriter.Write(model, _path);
            byte[] first = File.ReadAllBytes(_path);
            var read = ExecutableReader.Read(_path);
            string copy = _path + ".copy";
            ExecutableWriter.Write(read, copy);
            Assert.Equal(first, File.ReadAllBytes(copy));
            File.Delete(copy);
            Assert.Equal(model.SlotNames, read.SlotNames);
            Assert.Equal(model.Target, read.Target);
            Assert.Equal(model.Properties, read.Properties);
            Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(first.AsSpan(56)) % 4096);
            Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(first.AsSpan(80)) % 4096);
        }
    }

    [Fact]
    public void Foreign_and_missing_files_are_refused()
    {
        Assert.Equal(RuntimeErrors.FileAccess, Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(_path)).Code);
        Assert.Equal(RuntimeErrors.FileAccess, Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(Path.GetTempPath())).Code);
        Refused([], RuntimeErrors.ForeignFile);
        Refused(Encoding.ASCII.GetBytes(new string('x', 5000)), RuntimeErrors.ForeignFile);
        byte[] good = Bytes(Machine());
        byte[] future = [.. good];
        future[8]++;
        Assert.Contains($"expected version {good[8]}, found version {future[8]}", Refused(future, RuntimeErrors.FormatVersion).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_files_are_refused()
    {
        byte[] good = Bytes(Everything());
        for (int length = 0; length < good.Length; length += length < 300 ? 1 : 97)
        {
            File.WriteAllBytes(_path, good.AsSpan(0, length));
            Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(_path).Dispose());
        }

        Refused([.. good, 0], RuntimeErrors.Damaged);
    }

    [Fact]
    public void Flipped_bits_are_found()
    {
        byte[] good = Bytes(Everything());
        var random = new Random(11);
        var layout = FileLayout.Parse(good.AsSpan(0, FileLayout.HeaderBytes), good.Length, "good");
        for (int round = 0; round < 500; round++)
        {
            byte[] bad = [.. good];
            var section = round % 3 == 0 ? layout.Metadata : round % 3 == 1 ? layout.Code : new FileSection(0, FileLayout.HeaderBytes, 0);
            bad[section.Offset + random.NextInt64(section.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_path, bad);
            Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(_path).Dispose());
        }

        byte[] constants = [.. good];
        constants[layout.Constants.Offset] ^= 1;
        File.WriteAllBytes(_path, constants);
        Assert.Equal(RuntimeErrors.Damaged, Assert.Throws<DlcRuntimeException>(() => ExecutableReader.VerifyConstants(_path)).Code);
    }

    [Fact]
    public void Hostile_metadata_with_a_good_checksum_never_crashes_the_loader()
    {
        byte[] good = Bytes(Everything());
        var layout = FileLayout.Parse(good.AsSpan(0, FileLayout.HeaderBytes), good.Length, "good");
        var random = new Random(5);
        int accepted = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] metadata = good.AsSpan((int)layout.Metadata.Offset, (int)layout.Metadata.Length).ToArray();
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                metadata[random.Next(metadata.Length)] = random.Next(3) == 0 ? (byte)0xFF : (byte)random.Next(256);
            }

            if (random.Next(4) == 0)
            {
                metadata = metadata[..random.Next(metadata.Length)];
            }

            try
            {
                var model = MetadataCodec.Decode(
                    metadata, default, layout.Constants.Length, (_, length) => ConstantData.From(length, _ => { }));
                ModelValidator.Validate(model, layout.Code.Length);
                Dlc.Runtime.Execution.ModelPreparer.Prepare(model, offset => (nint)offset);
                accepted++;
            }
            catch (DlcRuntimeException)
            {
            }
        }

        // Names and messages may change without harm; most other changes must not pass.
        Assert.InRange(accepted, 1, 15_000);
    }

    [Fact]
    public void Missing_instruction_sets_are_named()
    {
        var model = Machine(new TargetInfo("x86-64", "far future", (CpuFeatures)(1UL << 60) | CpuFeatures.Sse42));
        ExecutableWriter.Write(model, _path);
        var error = Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(_path));
        Assert.Equal(RuntimeErrors.UnsupportedCpu, error.Code);
        Assert.Contains("far future", error.Message, StringComparison.Ordinal);
        Assert.Throws<DlcRuntimeException>(() => CompiledModel.FromModel(Machine(new TargetInfo("arm64", "", 0))));
    }

    [Fact]
    public void Contradictions_are_refused_with_their_place()
    {
        Invalid("mentions value 9 of 2", m => m.Main.Add(TestModel.Launch(0, [9], [])));
        Invalid("uses slot 0 'late' where it is not defined", m => m.Main.Add(TestModel.Launch(0, [], [m.Slot("late")])), slotFirst: true);
        Invalid("lies outside of the code", m => m.Main.Add(TestModel.Launch(77, [], [])));
        Invalid("is an alias of itself", m => m.Alias(2, -1, ScalarType.F32));
        Invalid("no step runs program 1", m => m.Program("lost"));
        Invalid("writes to value 0", m =>
        {
            int t = m.Temp(ScalarType.Bool);
            m.Main.Add(new IfStep
            {
                Condition = t,
                ThenProgram = m.Program("a"),
                ElseProgram = m.Program("b"),
                Results = [new BranchResult { ThenValue = 1, ElseValue = 1, Output = 0, OutputSlots = [-1] }],
            });
        });

        static void Invalid(string part, Action<TestModel> spoil, bool slotFirst = false)
        {
            var m = new TestModel();
            if (slotFirst)
            {
                spoil(m);
            }

            int n = m.Slot("n");
            m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
            m.Output("y", ScalarType.F32, n);
            if (!slotFirst)
            {
                spoil(m);
            }

            var error = Assert.Throws<DlcRuntimeException>(() => ModelValidator.Validate(m.Build()));
            Assert.Equal(RuntimeErrors.InvalidModel, error.Code);
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>y = x + 1 and c = constant + 1 over i64, in real x86-64 code.</summary>
    private static ExecutableModel Machine(TargetInfo? target = null)
    {
        // for (; begin < end; begin++) out[begin] = in[begin] + 1; return 0;
        byte[] code =
        [
            0x90, 0x90, 0x90, 0x90,
            0x48, 0x8B, 0x07, 0x48, 0x8B, 0x7F, 0x08,
            0x4C, 0x39, 0xC1, 0x7D, 0x10,
            0x4C, 0x8B, 0x0C, 0xC8, 0x49, 0xFF, 0xC1, 0x4C, 0x89, 0x0C, 0xCF, 0x48, 0xFF, 0xC1, 0xEB, 0xEB,
            0x31, 0xC0, 0xC3,
        ];
        var m = new TestModel { Code = code, Target = target ?? new TargetInfo("x86-64", "v1", CpuFeatures.None) };
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.I64, InputAxis.Bind(n, "n"));
        int three = m.Const(3);
        m.Constant(ScalarType.U8, new byte[] { 1, 2, 3 }, three);
        int c = m.Constant(
            ScalarType.I64, ConstantData.From(24, s => s.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>([100, 200, 300]))), three);
        int y = m.Output("y", ScalarType.I64, n);
        int d = m.Output("c", ScalarType.I64, three);
        m.Main.Add(TestModel.Launch(4, [x, y], [], n));
        m.Main.Add(TestModel.Launch(4, [c, d], [], three));
        return m.Build();
    }

    /// <summary>A model with every kind of step, to be read and not run.</summary>
    private static ExecutableModel Everything()
    {
        var m = new TestModel { Code = new byte[5000] };
        int n = m.Slot("n");
        int bound = m.Slot("bound");
        int twice = m.Slot("2*bound");
        int len = m.Slot("len");
        int end = m.Slot("end");
        int rounds = m.Slot("rounds");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"), InputAxis.Fixed(3));
        m.Input("z", ScalarType.I64, InputAxis.Check(n, "n"));
        int two = m.Const(2);
        m.Compute("max", ShapeOp.Max, n, two);
        m.Guards.Add(new Guard(two, GuardRelation.Divides, n, "even", "node"));
        int w = m.Constant(ScalarType.F32, new float[2], two);
        int scalar = m.Temp(ScalarType.I64);
        int flag = m.Temp(ScalarType.Bool);
        int sized = m.Temp(ScalarType.F16, twice);
        int view = m.Alias(sized, two, ScalarType.U8, bound);
        int carriedIn = m.Temp(ScalarType.F32, len);
        int carriedOut = m.Temp(ScalarType.F32, two);
        int y = m.Output("y", ScalarType.F32, end);
        int scan = m.Output("scan", ScalarType.F32, rounds, two);
        int inner = m.Temp(ScalarType.F32, two);
        int chosen = m.Temp(ScalarType.F32, two);
        m.Main.Add(TestModel.Launch(0, [x, scalar], [n, two], n, two, two));
        m.Main.Add(new BindSlotStep
        {
            Slot = bound,
            Value = scalar,
            Then = new BindPoint { Instructions = [new ShapeInstruction(ShapeOp.Mul, twice, bound, two)] },
        });
        m.Main.Add(TestModel.Launch(3, [sized, view], [twice]));
        m.Main.Add(new IfStep
        {
            Condition = flag,
            ThenProgram = m.Program("then", TestModel.Launch(1, [inner], [])),
            ElseProgram = m.Program("else"),
            Results = [new BranchResult { ThenValue = inner, ElseValue = w, Output = chosen, OutputSlots = [-1] }],
        });
        m.Main.Add(new LoopStep
        {
            Body = m.Program("body", new CopyStep { Source = chosen, Destination = carriedOut }),
            TripCountValue = scalar,
            Condition = flag,
            Carried = [new CarriedValue { Initial = w, BodyIn = carriedIn, BodyOut = carriedOut, Final = y, BodyInSlots = [len], FinalSlots = [end] }],
            ScanOutputs = [new ScanOutput { BodyOut = carriedOut, Final = scan, FinalSlots = [rounds, -1] }],
        });
        return m.Build();
    }

    private static byte[] Bytes(ExecutableModel model)
    {
        using var stream = new MemoryStream();
        ExecutableWriter.Write(model, stream);
        return stream.ToArray();
    }

    private DlcRuntimeException Refused(byte[] bytes, string code)
    {
        File.WriteAllBytes(_path, bytes);
        var error = Assert.Throws<DlcRuntimeException>(() => CompiledModel.Load(_path).Dispose());
        Assert.Equal(code, error.Code);
        return error;
    }
}
