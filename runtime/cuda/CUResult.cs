namespace Dlc.Runtime.Cuda;

/// <summary>Result codes of the driver API that are told apart; any other number is an error too.</summary>
public enum CUResult
{
    Success = 0,
    ErrorInvalidValue = 1,
    ErrorOutOfMemory = 2,
    ErrorNotInitialized = 3,
    ErrorNoDevice = 100,
    ErrorInvalidDevice = 101,
    ErrorInvalidPtx = 218,
    ErrorUnsupportedPtxVersion = 222,
    ErrorNotReady = 600,
    ErrorSystemNotReady = 802,
}
