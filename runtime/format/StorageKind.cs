namespace Dlc.Runtime.Format;

/// <summary>Where a value lives. The numbers are part of the file format.</summary>
public enum StorageKind : byte
{
    /// <summary>
    /// In the arena: the runtime plans an offset from the lifetime (first to last mention in step order; a value of an enclosing
    /// program that a loop body mentions lives through the whole loop). Also the storage of all values that belong to If and Loop steps.
    /// </summary>
    Temporary = 0,

    /// <summary>User memory of input <see cref="ValueInfo.Index"/>: aligned to its element only, never written.</summary>
    Input = 1,

    /// <summary>Memory of output <see cref="ValueInfo.Index"/>, the user's or the session's: aligned to its element only.</summary>
    Output = 2,

    /// <summary>Entry <see cref="ValueInfo.Index"/> of <see cref="ExecutableModel.Constants"/>: read only, aligned to 64 bytes.</summary>
    Constant = 3,

    /// <summary>
    /// A view of value <see cref="ValueInfo.Index"/>, beginning <see cref="ValueInfo.ByteOffsetSlot"/> bytes in. May be written (a
    /// slice of a concatenation) and may alias another alias.
    /// </summary>
    Alias = 4,
}
