using System.Runtime.InteropServices;

namespace Dlc.Peers.OnnxRuntime;

/// <summary>
/// The table of functions that <c>OrtGetApiBase()->GetApi(version)</c> hands out. The index of each is a fact of
/// onnxruntime_c_api.h (the table only ever grows at its end); every object that a function makes is freed by its Release function.
/// </summary>
internal static unsafe class OrtApi
{
    // Old enough for any library of the last years to know, new enough for all that is called here.
    private const uint ApiVersion = 17;

    private static nint* s_table;
    private static nint s_environment;
    private static readonly Lock Gate = new();

    internal enum Entry
    {
        GetErrorMessage = 2,
        CreateEnv = 3,
        CreateSession = 7,
        CreateSessionFromArray = 8,
        Run = 9,
        CreateSessionOptions = 10,
        SetSessionLogSeverityLevel = 22,
        SetSessionGraphOptimizationLevel = 23,
        SetIntraOpNumThreads = 24,
        SetInterOpNumThreads = 25,
        SessionGetInputCount = 30,
        SessionGetOutputCount = 31,
        SessionGetInputTypeInfo = 33,
        SessionGetOutputTypeInfo = 34,
        SessionGetInputName = 36,
        SessionGetOutputName = 37,
        CreateTensorAsOrtValue = 48,
        CreateTensorWithDataAsOrtValue = 49,
        GetTensorMutableData = 51,
        FillStringTensor = 52,
        CastTypeInfoToTensorInfo = 55,
        GetOnnxTypeFromTypeInfo = 56,
        GetTensorElementType = 60,
        GetDimensionsCount = 61,
        GetDimensions = 62,
        GetSymbolicDimensions = 63,
        GetTensorTypeAndShape = 65,
        GetValueType = 67,
        CreateCpuMemoryInfo = 69,
        AllocatorFree = 76,
        GetAllocatorWithDefaultOptions = 78,
        GetValue = 80,
        GetValueCount = 81,
        CreateValue = 82,
        ReleaseStatus = 93,
        ReleaseSession = 95,
        ReleaseValue = 96,
        ReleaseTypeInfo = 98,
        ReleaseTensorTypeAndShapeInfo = 99,
        ReleaseSessionOptions = 100,
        GetStringTensorElementLength = 127,
        GetStringTensorElement = 128,
        AddSessionConfigEntry = 130,
        HasValue = 192,
    }

    /// <summary>The process-wide environment; made once and never freed, as sessions may outlive any owner we could name.</summary>
    public static nint Environment
    {
        get
        {
            Load();
            return s_environment;
        }
    }

    /// <summary>The library's own version, such as <c>1.30.0</c>.</summary>
    public static string Version { get; private set; } = "";

    /// <summary>The address of a function of the table.</summary>
    public static nint Get(Entry entry)
    {
        Load();
        return s_table[(int)entry];
    }

    /// <summary>Turns a status into an exception and frees it.</summary>
    public static void Check(nint status)
    {
        if (status == 0)
        {
            return;
        }

        var message = ((delegate* unmanaged<nint, byte*>)Get(Entry.GetErrorMessage))(status);
        var text = Marshal.PtrToStringUTF8((nint)message) ?? "";
        Release(Entry.ReleaseStatus, status);
        throw new OrtException(text);
    }

    /// <summary>Calls one of the Release functions.</summary>
    public static void Release(Entry entry, nint handle) => ((delegate* unmanaged<nint, void>)Get(entry))(handle);

    private static void Load()
    {
        lock (Gate)
        {
            if (s_table != null)
            {
                return;
            }

            var library = NativeLibrary.Load(OrtLibrary.Path);
            var apiBase = ((delegate* unmanaged<nint*>)NativeLibrary.GetExport(library, "OrtGetApiBase"))();
            Version = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)apiBase[1])()) ?? "";
            s_table = ((delegate* unmanaged<uint, nint*>)apiBase[0])(ApiVersion);
            if (s_table == null)
            {
                throw new OrtException($"ONNX Runtime {Version} does not offer version {ApiVersion} of its interface");
            }

            const int severityError = 3;
            nint environment;
            fixed (byte* name = "dlc\0"u8)
            {
                Check(((delegate* unmanaged<int, byte*, nint*, nint>)s_table[(int)Entry.CreateEnv])(severityError, name, &environment));
            }

            s_environment = environment;
        }
    }
}
