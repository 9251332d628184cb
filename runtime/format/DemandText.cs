using System.Runtime.CompilerServices;

namespace Dlc.Runtime.Format;

/// <summary>A message that is put together only when the demand fails: a large model makes a hundred thousand of them.</summary>
[InterpolatedStringHandler]
internal ref struct DemandText
{
    private DefaultInterpolatedStringHandler _inner;

    public DemandText(int literalLength, int formattedCount, bool holds, out bool enabled)
    {
        enabled = !holds;
        _inner = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    public void AppendLiteral(string value) => _inner.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

    public override string ToString() => _inner.ToStringAndClear();
}
