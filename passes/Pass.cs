using Dlc.IR;

namespace Dlc.Passes;

/// <summary>
/// A deterministic rewrite of one graph into an equivalent one. It returns the graph itself when there was nothing to do. The
/// <see cref="PassManager"/> runs it on the main graph and on the regions in it, verifies the result and names it in every error.
/// </summary>
public abstract class Pass
{
    /// <summary>The name in dumps, timings and errors and behind <c>--after</c>: lower-case words joined by hyphens.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// True when <see cref="Run"/> is called on the main graph alone and looks after regions itself. Otherwise regions are rewritten
    /// first, innermost first.
    /// </summary>
    public virtual bool HandlesRegions => false;

    /// <summary>
    /// Rewrites one graph. A region may read values of the graphs around it: those stay as they are. Set
    /// <see cref="PassContext.Current"/> to the node at hand, so that an error can name it.
    /// </summary>
    public abstract Graph Run(Graph graph, PassContext context);
}
