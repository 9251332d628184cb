using Dlc.Compiler.IO;

namespace Dlc.Peers;

/// <summary>A value that goes into or comes out of a model.</summary>
public abstract record Value
{
    private Value()
    {
    }

    /// <summary>A dense tensor.</summary>
    public sealed record Dense(TensorData Tensor) : Value
    {
        /// <inheritdoc/>
        public override string ToString() => Tensor.ToString();
    }

    /// <summary>A sequence of values.</summary>
    public sealed record Sequence(IReadOnlyList<Value> Items) : Value
    {
        /// <inheritdoc/>
        public override string ToString() => $"sequence of {Items.Count}";
    }

    /// <summary>An optional that holds nothing. One that holds something is that value itself.</summary>
    public sealed record None : Value
    {
        /// <inheritdoc/>
        public override string ToString() => "none";
    }

    /// <summary>The tensor.</summary>
    /// <exception cref="InvalidOperationException">The value is not a tensor.</exception>
    public TensorData Single => this is Dense dense ? dense.Tensor : throw new InvalidOperationException($"a tensor expected, found {this}");
}
