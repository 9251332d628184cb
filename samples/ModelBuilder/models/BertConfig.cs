namespace ModelBuilder;

/// <summary>Sizes of a BERT encoder; the defaults are BERT-base.</summary>
public sealed record BertConfig
{
    /// <summary>BERT-base: 110 million weights.</summary>
    public static BertConfig Base { get; } = new();

    /// <summary>BERT-base with twice the layers.</summary>
    public static BertConfig Deep { get; } = new() { Layers = 24 };

    /// <summary>A 6-layer 384-wide sentence encoder.</summary>
    public static BertConfig Small { get; } = new() { Layers = 6, Width = 384, Inner = 1536, Vocabulary = 30522, LayerNormNode = true };

    /// <summary>2 layers, 32 wide: everything the big ones have, in milliseconds.</summary>
    public static BertConfig Tiny { get; } = new() { Layers = 2, Width = 32, Heads = 4, Inner = 64, Vocabulary = 100, Positions = 64 };

    /// <summary>Transformer layers.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Width of the residual stream.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Attention heads; they divide the width.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width inside the feed-forward part.</summary>
    public int Inner { get; init; } = 3072;

    /// <summary>Tokens in the vocabulary.</summary>
    public int Vocabulary { get; init; } = 30522;

    /// <summary>The longest sequence.</summary>
    public int Positions { get; init; } = 512;

    /// <summary>Write LayerNormalization as one node instead of nine.</summary>
    public bool LayerNormNode { get; init; }

    /// <summary>Seed of the weights.</summary>
    public ulong Seed { get; init; } = 1;
}
