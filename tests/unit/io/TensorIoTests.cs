using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Xunit;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.IO;

public sealed class TensorIoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-io-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<TensorData> Samples() =>
    [
        TensorData.Of<float>([1, -2.5f, float.NaN, 0, float.PositiveInfinity, 3], 2, 3),
        TensorData.Of<Half>([(Half)1, (Half)(-0.5)], 2),
        TensorData.Of<bool>([true, false, true], 3, 1),
        TensorData.Of<long>([long.MinValue], []),
        TensorData.Of<ulong>([ulong.MaxValue, 1], 1, 2),
        TensorData.Of<sbyte>([], 0, 4),
        TensorData.Of<ushort>([7, 65535], 2),
        new(DataType.Complex64, [1], new byte[8]),
        new([2, 2], ["a", "", "grüße", "😀"]),
    ];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Npy_reads_back_what_it_wrote(TensorData tensor)
    {
        var path = Path.Combine(_folder, "x.npy");
        Npy.WriteFile(path, tensor);
        AssertSame(tensor, Npy.ReadFile(path));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Pb_reads_back_what_it_wrote(TensorData tensor)
    {
        var path = Path.Combine(_folder, "x.pb");
        TensorPb.WriteFile(path, tensor, "x");
        AssertSame(tensor, TensorPb.ReadFile(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Npz_keeps_names_exactly(bool compress)
    {
        var path = Path.Combine(_folder, "x.npz");
        string[] names = ["/encoder/layer.0/Add_output_0", "..", "a b", "naïve", "x.npy"];
        var tensor = TensorData.Of<int>([1, 2, 3], 3);
        Npz.WriteFile(path, names.Select(n => KeyValuePair.Create(n, tensor)), compress);
        var read = Npz.ReadFile(path);
        Assert.Equal(names, read.Select(r => r.Key));
        Assert.All(read, r => AssertSame(tensor, r.Value));
    }

    [Fact]
    public void Npy_reads_big_endian_and_column_major()
    {
        var data = new byte[24];
        for (var i = 0; i < 6; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(4 * i), i);
        }

        var tensor = Npy.ReadFile(Raw("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3), }", data));
        Assert.Equal([0, 2, 4, 1, 3, 5], tensor.As<int>().ToArray());
    }

    [Fact]
    public void Small_floats_are_written_as_float32_with_their_values()
    {
        var path = Path.Combine(_folder, "x.npy");
        Npy.WriteFile(path, new TensorData(DataType.Bfloat16, [2], new byte[] { 0x80, 0x3F, 0x00, 0xC0 }));
        Assert.Equal([1f, -2f], Npy.ReadFile(path).As<float>().ToArray());
        Npy.WriteFile(path, new TensorData(DataType.Float8E4M3Fn, [4], new byte[] { 0x38, 0xFE, 0x01, 0x00 }));
        Assert.Equal([1f, -448f, 1f / 512, 0f], Npy.ReadFile(path).As<float>().ToArray());
        Npy.WriteFile(path, new TensorData(DataType.Float8E5M2, [3], new byte[] { 0x3C, 0x7B, 0xFC }));
        Assert.Equal([1f, 57344f, float.NegativeInfinity], Npy.ReadFile(path).As<float>().ToArray());
        Npy.WriteFile(path, new TensorData(DataType.Int4, [3], new byte[] { 0x8F, 0x07 }));
        Assert.Equal([-1, -8, 7], Npy.ReadFile(path).As<sbyte>().ToArray());
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (536870912,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }")]
    [InlineData("{'descr': '<U0', 'fortran_order': False, 'shape': (9223372036854775807,), }")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("{'fortran_order': False, 'shape': (1,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }")]
    [InlineData("{'descr': '<f4")]
    [InlineData("")]
    public void Npy_refuses_a_header_that_lies(string header)
    {
        var error = Assert.Throws<TensorFormatException>(() => Npy.ReadFile(Raw(header, new byte[8])));
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_one_clear_error()
    {
        var npy = Path.Combine(_folder, "x.npy");
        var npz = Path.Combine(_folder, "x.npz");
        var tensor = TensorData.Of<float>([1, 2, 3, 4], 4);
        Npy.WriteFile(npy, tensor);
        Npz.WriteFile(npz, [new("a", tensor)]);
        foreach (var (path, read) in new (string, Action<string>)[] { (npy, p => Npy.ReadFile(p)), (npz, p => Npz.ReadFile(p)) })
        {
            var bytes = File.ReadAllBytes(path);
            for (var length = 0; length < bytes.Length; length++)
            {
                File.WriteAllBytes(path, bytes.AsSpan(0, length));
                Assert.Throws<TensorFormatException>(() => read(path));
            }
        }
    }

    [Fact]
    public void An_archive_that_claims_gigabytes_is_refused_before_they_are_allocated()
    {
        var path = Path.Combine(_folder, "x.npz");
        using (var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
        {
            using var entry = archive.CreateEntry("a.npy").Open();
            entry.Write(Header("{'descr': '|u1', 'fortran_order': False, 'shape': (2000000000,), }"));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<TensorFormatException>(() => Npz.ReadFile(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
    }

    [Fact]
    public void A_tensor_whose_payload_does_not_fit_its_shape_is_refused()
    {
        Assert.Throws<TensorFormatException>(() => TensorPb.Decode(new TensorProto { DataType = 1, Dims = { 1L << 40 }, RawData = Google.Protobuf.ByteString.Empty }, "w"));
        Assert.Throws<TensorFormatException>(() => TensorPb.Decode(new TensorProto { DataType = 1, Dims = { 1L << 40, 1L << 40 } }, "w"));
        Assert.Throws<TensorFormatException>(() => TensorPb.Decode(new TensorProto { DataType = 99, Dims = { 1 } }, "w"));
        Assert.Throws<TensorFormatException>(() => TensorPb.Decode(new TensorProto { DataType = 1, Dims = { -1 } }, "w"));
        Assert.Throws<TensorFormatException>(() => TensorPb.Decode(new TensorProto { DataType = 7, Dims = { 2 }, Int64Data = { 1 } }, "w"));
    }

    [Fact]
    public void Typed_fields_decode_like_raw_data()
    {
        var half = TensorPb.Decode(new TensorProto { DataType = (int)DataType.Float16, Dims = { 2 }, Int32Data = { 0x3C00, 0xC000 } }, "w");
        Assert.Equal([(Half)1, (Half)(-2)], half.As<Half>().ToArray());
        var int4 = TensorPb.Decode(new TensorProto { DataType = (int)DataType.Int4, Dims = { 3 }, Int32Data = { 0x21, 0x0F } }, "w");
        Assert.Equal([1, 2, -1], Widening.ToPlain(int4).As<sbyte>().ToArray());
        var uint32 = TensorPb.Decode(new TensorProto { DataType = (int)DataType.Uint32, Dims = { 1 }, Uint64Data = { uint.MaxValue } }, "w");
        Assert.Equal(uint.MaxValue, uint32.As<uint>()[0]);
    }

    private static byte[] Header(string text)
    {
        var header = new byte[10 + text.Length];
        header[0] = 0x93;
        "NUMPY\u0001"u8.CopyTo(header.AsSpan(1));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(8), (short)text.Length);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        return header;
    }

    private string Raw(string header, byte[] data)
    {
        var path = Path.Combine(_folder, "raw.npy");
        File.WriteAllBytes(path, [.. Header(header), .. data]);
        return path;
    }

    private static void AssertSame(TensorData expected, TensorData actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(expected.Dims.ToArray(), actual.Dims.ToArray());
        Assert.Equal(expected.Bytes.ToArray(), actual.Bytes.ToArray());
        Assert.Equal(expected.Strings, actual.Strings);
    }
}
