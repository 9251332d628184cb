namespace Dlc.Runtime.Execution;

/// <summary>Where in an order bind points and ends of iterations are.</summary>
internal sealed class PointPlaces
{
    private readonly int[] _ofPoint;
    private readonly int[] _repeat;
    private readonly int[] _lastInner;

    public PointPlaces(PreparedModel model, PreparedOrder order)
    {
        _ofPoint = new int[model.Points.Length];
        _lastInner = [.. Enumerable.Range(0, model.Points.Length)];
        _repeat = new int[model.Steps.Length];
        for (int p = 0; p < order.Places.Length; p++)
        {
            var place = order.Places[p];
            switch (place.Kind, place.Step)
            {
                case (PlaceKind.Step, PreparedBindSlot bind):
                    _ofPoint[bind.Point] = p;
                    break;
                case (PlaceKind.EndIf, PreparedIf branch):
                    _ofPoint[branch.ExitPoint] = p;
                    break;
                case (PlaceKind.Iterate, PreparedLoop loop):
                    _ofPoint[loop.BodyPoint] = p;
                    _lastInner[loop.BodyPoint] = loop.ExitPoint - 1;
                    break;
                case (PlaceKind.Repeat, PreparedLoop loop):
                    _repeat[loop.Index] = p;
                    break;
                case (PlaceKind.EndLoop, PreparedLoop loop):
                    _ofPoint[loop.ExitPoint] = p;
                    break;
            }
        }
    }

    /// <summary>The place of a bind point.</summary>
    public int Of(int point) => _ofPoint[point];

    /// <summary>Where an iteration of a loop ends.</summary>
    public int RepeatOf(PreparedLoop loop) => _repeat[loop.Index];

    /// <summary>The last bind point within the iteration that begins at a point; the point itself where none begins.</summary>
    public int LastInner(int point) => _lastInner[point];
}
