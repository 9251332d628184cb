using Dlc.Runtime.Format;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Execution;

/// <summary>Brings constants of a model in memory to aligned addresses.</summary>
internal static unsafe class ConstantLoader
{
    /// <summary>Addresses of all constants; what must live as long as they are used goes to <paramref name="owned"/>.</summary>
    /// <exception cref="DlcRuntimeException">A callback wrote another number of bytes than its constant has.</exception>
    public static nint[] Load(ConstantData[] constants, List<IDisposable> owned)
    {
        var addresses = new nint[constants.Length];
        long copied = 0;
        for (int i = 0; i < constants.Length; i++)
        {
            if (constants[i].Length > 0 && constants[i].IsInMemory)
            {
                var pin = constants[i].Memory.Pin();
                if ((nint)pin.Pointer % FileLayout.ConstantAlignment == 0)
                {
                    addresses[i] = (nint)pin.Pointer;
                    owned.Add(pin);
                    continue;
                }

                ((IDisposable)pin).Dispose();
            }

            copied = checked(copied + FileLayout.Align(constants[i].Length, FileLayout.ConstantAlignment));
        }

        if (copied == 0)
        {
            return addresses;
        }

        var block = new NativeBlock();
        owned.Add(block);
        byte* at = block.Ensure(copied);
        for (int i = 0; i < constants.Length; i++)
        {
            if (addresses[i] != 0 || constants[i].Length == 0)
            {
                continue;
            }

            Fill(constants[i], at, i);
            addresses[i] = (nint)at;
            at += FileLayout.Align(constants[i].Length, FileLayout.ConstantAlignment);
        }

        return addresses;
    }

    private static void Fill(ConstantData constant, byte* target, int index)
    {
        using var stream = new UnmanagedMemoryStream(target, 0, constant.Length, FileAccess.Write);
        try
        {
            constant.WriteTo(stream);
        }
        catch (NotSupportedException)
        {
            // The stream can't grow beyond the constant.
            throw WrongLength(constant, index, "more");
        }

        if (stream.Position != constant.Length)
        {
            throw WrongLength(constant, index, $"{stream.Position}");
        }
    }

    private static DlcRuntimeException WrongLength(ConstantData constant, int index, string found) => new(
        RuntimeErrors.InvalidModel, $"constant {index} wrote another number of bytes than it has", $"{constant.Length}", found);
}
