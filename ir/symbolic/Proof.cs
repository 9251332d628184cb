namespace Dlc.IR.Symbolic;

/// <summary>Answer of <see cref="Facts.Prove"/>. The default is the safe one.</summary>
public enum Proof
{
    /// <summary>The facts do not decide the claim.</summary>
    Unknown,

    /// <summary>The claim holds for every binding that satisfies the facts.</summary>
    True,

    /// <summary>The claim fails for every binding that satisfies the facts.</summary>
    False,
}
