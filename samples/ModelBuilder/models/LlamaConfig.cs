namespace ModelBuilder;

/// <summary>Sizes of a Llama-style decoder; the defaults are a small one of 57 million weights.</summary>
public sealed record LlamaConfig
{
    /// <summary>8 layers, 512 wide.</summary>
    public static LlamaConfig Small { get; } = new();

    /// <summary>16 layers, 1024 wide: 280 million weights.</summary>
    public static LlamaConfig Medium { get; } = new() { Layers = 16, Width = 1024, Heads = 16, KeyHeads = 4, Inner = 2816 };

    /// <summary>Llama-2-7b with 4 of its 32 layers: 1.07 billion weights, declared without values, for planning the memory of a training step.</summary>
    public static LlamaConfig Llama2Of1B { get; } = new()
    {
        Layers = 4, Width = 4096, Heads = 32, KeyHeads = 32, Inner = 11008, Vocabulary = 32000, Present = false, IsDeclaredOnly = true,
    };

    /// <summary>10 layers, 384 wide: 25 million weights; its training step runs on a small machine.</summary>
    public static LlamaConfig Trained { get; } = new() { Layers = 10, Width = 384, Heads = 6, KeyHeads = 6, Inner = 1024, Vocabulary = 9728, Present = false };

    /// <summary>2 layers, 32 wide.</summary>
    public static LlamaConfig Tiny { get; } = new() { Layers = 2, Width = 32, Heads = 4, KeyHeads = 2, Inner = 48, Vocabulary = 100 };

    /// <summary>Transformer layers.</summary>
    public int Layers { get; init; } = 8;

    /// <summary>Width of the residual stream.</summary>
    public int Width { get; init; } = 512;

    /// <summary>Query heads; they divide the width.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Key and value heads; they divide the query heads.</summary>
    public int KeyHeads { get; init; } = 4;

    /// <summary>Width inside the feed-forward part.</summary>
    public int Inner { get; init; } = 1408;

    /// <summary>Tokens in the vocabulary.</summary>
    public int Vocabulary { get; init; } = 32000;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10000;

    /// <summary>Take past keys and values as inputs and give the longer ones as outputs.</summary>
    public bool Past { get; init; }

    /// <summary>Give keys and values as outputs.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Weights and activations in bfloat16; the logits are float32.</summary>
    public bool IsBfloat16 { get; init; }

    /// <summary>Declare the weights without values.</summary>
    public bool IsDeclaredOnly { get; init; }

    /// <summary>Seed of the weights.</summary>
    public ulong Seed { get; init; } = 3;
}
