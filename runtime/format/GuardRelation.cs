namespace Dlc.Runtime.Format;

/// <summary>Relation that a <see cref="Guard"/> demands between two slots. The numbers are part of the file format.</summary>
public enum GuardRelation : byte
{
    /// <summary>a == b.</summary>
    Equal = 0,

    /// <summary>a &lt;= b.</summary>
    LessOrEqual = 1,

    /// <summary>a &lt; b.</summary>
    Less = 2,

    /// <summary>b is a multiple of a; a == 0 divides only 0.</summary>
    Divides = 3,

    /// <summary>a != b.</summary>
    NotEqual = 4,
}
