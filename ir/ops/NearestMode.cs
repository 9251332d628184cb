namespace Dlc.IR.Ops;

/// <summary>Which element is the nearest to a coordinate (ONNX nearest_mode).</summary>
public enum NearestMode : byte
{
    /// <summary>To nearest, halves down.</summary>
    RoundPreferFloor,

    /// <summary>To nearest, halves up.</summary>
    RoundPreferCeil,
    Floor,
    Ceil,
}
