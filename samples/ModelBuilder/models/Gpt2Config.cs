namespace ModelBuilder;

/// <summary>Sizes of a GPT-2 decoder; the defaults are GPT-2-small.</summary>
public sealed record Gpt2Config
{
    /// <summary>GPT-2-small: 124 million weights.</summary>
    public static Gpt2Config Small { get; } = new();

    /// <summary>2 layers, 32 wide.</summary>
    public static Gpt2Config Tiny { get; } = new() { Layers = 2, Width = 32, Heads = 4, Vocabulary = 100, Positions = 64 };

    /// <summary>Transformer layers.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Width of the residual stream; the feed-forward part is four times as wide.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Attention heads; they divide the width.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Tokens in the vocabulary.</summary>
    public int Vocabulary { get; init; } = 50257;

    /// <summary>The longest sequence, what came before included.</summary>
    public int Positions { get; init; } = 1024;

    /// <summary>
    /// Take past keys and values as inputs and give the longer ones as outputs; also an attention mask over past and present. Without it
    /// the model is a prefill: ids in, logits and keys and values out.
    /// </summary>
    public bool Past { get; init; }

    /// <summary>Seed of the weights.</summary>
    public ulong Seed { get; init; } = 2;
}
