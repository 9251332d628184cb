namespace Dlc.Runtime;

/// <summary>Names an input or output by its ONNX name or its index; both convert to it.</summary>
public readonly struct PortKey
{
    private PortKey(string? name, int index)
    {
        Name = name;
        Index = index;
    }

    internal string? Name { get; }

    internal int Index { get; }

    public static implicit operator PortKey(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(name, -1);
    }

    public static implicit operator PortKey(int index) => new(null, index);
}
