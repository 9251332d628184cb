namespace Dlc.Runtime;

/// <summary>Whose memory an output is written to.</summary>
internal enum OutputMemory : byte
{
    /// <summary>Of the binding; grows on demand.</summary>
    Own,

    /// <summary>Of the user, of a given size.</summary>
    User,

    /// <summary>A managed array made for each run.</summary>
    Managed,
}
