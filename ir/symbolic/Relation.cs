namespace Dlc.IR.Symbolic;

/// <summary>Relation between two dims.</summary>
public enum Relation
{
    /// <summary>left = right.</summary>
    Equal,

    /// <summary>left &lt;= right.</summary>
    LessOrEqual,

    /// <summary>left &lt; right.</summary>
    Less,

    /// <summary>left mod right = 0; right is not 0.</summary>
    Divisible,
}
