using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dlc.Runtime.Device;

namespace Dlc.Runtime.Cuda;

/// <summary>A stream of a GPU with the event by which others wait for it.</summary>
internal sealed unsafe class CudaStream : IDeviceQueue
{
    private const uint NonBlocking = 1;

    /// <summary>Other threads may allocate and wait while this one captures.</summary>
    private const int CaptureModeThreadLocal = 1;

    private readonly CudaDevice _device;
    private readonly nint _stream;
    private readonly CudaEvent _event;
    private readonly bool _isOurs;
    private void** _parameters;
    private int _capacity;

    public CudaStream(CudaDevice device)
    {
        _device = device;
        CudaException.Check(DriverAPINativeMethods.Streams.cuStreamCreate(out _stream, NonBlocking), "make a stream");
        _event = new CudaEvent(device);
        _isOurs = true;
    }

    /// <summary>A stream of the host.</summary>
    public CudaStream(CudaDevice device, nint stream)
    {
        _device = device;
        _stream = stream;
        _event = new CudaEvent(device);
    }

    public void CopyToDevice(nint to, void* from, long bytes)
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(to, from, (nuint)bytes, _stream), "copy to the device");
    }

    public void CopyToHost(void* to, nint from, long bytes)
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(to, from, (nuint)bytes, _stream), "copy from the device");
    }

    public void Copy(nint to, nint from, long bytes)
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(to, from, (nuint)bytes, _stream), "copy on the device");
    }

    public void Launch(nint kernel, long blocks, int threads, int sharedBytes, ReadOnlySpan<long> arguments)
    {
        _device.Enter();
        if (arguments.Length > _capacity)
        {
            NativeMemory.Free(_parameters);
            _capacity = arguments.Length;
            _parameters = (void**)NativeMemory.Alloc((nuint)_capacity, (nuint)sizeof(void*));
        }

        fixed (long* values = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                _parameters[i] = values + i;
            }

            CudaException.Check(
                DriverAPINativeMethods.Launch.cuLaunchKernel(kernel, (uint)blocks, 1, 1, (uint)threads, 1, 1, (uint)sharedBytes, _stream, _parameters, null),
                "launch a kernel");
        }
    }

    public void WaitFor(IDeviceQueue other)
    {
        _device.Enter();
        var stream = (CudaStream)other;
        stream.Record(stream._event);
        CudaException.Check(DriverAPINativeMethods.Streams.cuStreamWaitEvent(_stream, stream._event.Handle, 0), "wait for an event");
    }

    public void Record(IDeviceEvent mark)
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.Events.cuEventRecord(((CudaEvent)mark).Handle, _stream), "record an event");
    }

    public void Notify(Action whenDone)
    {
        _device.Enter();
        var handle = GCHandle.Alloc(whenDone);

        // Not cuLaunchHostFunc: that never calls after a failure of the device, and who waits would wait forever.
        var result = DriverAPINativeMethods.Streams.cuStreamAddCallback(_stream, &OnDone, GCHandle.ToIntPtr(handle), 0);
        if (result != CUResult.Success)
        {
            handle.Free();
        }

        CudaException.Check(result, "tell when its work is done");
    }

    public bool BeginCapture()
    {
        _device.Enter();
        return DriverAPINativeMethods.Streams.cuStreamBeginCapture(_stream, CaptureModeThreadLocal) == CUResult.Success;
    }

    public IDisposable? EndCapture()
    {
        _device.Enter();
        var result = DriverAPINativeMethods.Streams.cuStreamEndCapture(_stream, out nint graph);
        return result == CUResult.Success && graph != 0 ? CudaGraph.Of(_device, graph) : null;
    }

    public void Replay(IDisposable graph)
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.GraphManagment.cuGraphLaunch(((CudaGraph)graph).Handle, _stream), "launch a graph");
    }

    public void Synchronise()
    {
        _device.Enter();
        CudaException.Check(DriverAPINativeMethods.Streams.cuStreamSynchronize(_stream), "finish its work");
    }

    public void Dispose()
    {
        _device.Enter();
        _event.Dispose();
        if (_isOurs)
        {
            _ = DriverAPINativeMethods.Streams.cuStreamDestroy_v2(_stream);
        }

        NativeMemory.Free(_parameters);
        _parameters = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDone(nint stream, CUResult result, nint state)
    {
        var handle = GCHandle.FromIntPtr(state);
        var whenDone = (Action)handle.Target!;
        handle.Free();
        whenDone();
    }
}
