namespace ModelBuilder;

/// <summary>Sizes of a bottleneck residual network; the defaults are ResNet-50.</summary>
public sealed record ResNetConfig
{
    /// <summary>ResNet-50: 25.6 million weights.</summary>
    public static ResNetConfig ResNet50 { get; } = new();

    /// <summary>Four blocks, 8 channels at the start.</summary>
    public static ResNetConfig Tiny { get; } = new() { Blocks = [1, 1, 1, 1], Channels = 8, Classes = 10 };

    /// <summary>Bottleneck blocks of each stage; every stage but the first halves height and width.</summary>
    public IReadOnlyList<int> Blocks { get; init; } = [3, 4, 6, 3];

    /// <summary>Channels after the stem.</summary>
    public int Channels { get; init; } = 64;

    /// <summary>Classes of the output.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Seed of the weights.</summary>
    public ulong Seed { get; init; } = 4;
}
