namespace Dlc.Codegen.Image;

/// <summary>Relocations of the x86-64 psABI that position-independent objects of the small code model hold.</summary>
internal enum RelocationType : uint
{
    Absolute64 = 1,
    Pc32 = 2,
    Plt32 = 4,
    GotPcRel = 9,
    Absolute32 = 10,
    Absolute32Signed = 11,
    Pc64 = 24,
    GotPcRelX = 41,
    RexGotPcRelX = 42,
}
