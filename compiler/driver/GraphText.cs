using System.Text;
using Dlc.IR;

namespace Dlc.Compiler.Driver;

/// <summary>The text of a graph for dumps and <c>inspect</c>.</summary>
public static class GraphText
{
    public static string Print(Graph graph)
    {
        var text = new StringBuilder();
        foreach (var node in graph.Nodes)
        {
            text.Append(node).Append('\n');
        }

        return text.ToString();
    }
}
