using Dlc.Compiler.Onnx.Operators;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Imports the rest of a graph once for each branch of an If whose branches give different ranks, as <c>squeeze</c> of an axis that may be 1 does.
/// Often the rest makes sense after one of the branches only: then a guard demands that one.
/// </summary>
internal sealed class BranchSplitter(ImportSession session, ImportScope scope, SplitNodeException split)
{
    private OnnxNode Node => split.Node;

    /// <summary>Imports the nodes after the If and sets the wanted names in the scope.</summary>
    public void Run(IReadOnlyList<NodeProto> rest, IReadOnlyCollection<string> outputs)
    {
        string[] wanted = [.. outputs.Where(name => !scope.Knows(name)).Distinct(StringComparer.Ordinal)];
        var condition = Node.KnownDim(0);
        var sides = new[] { Try(true), Try(false) };
        var good = Array.FindAll(sides, side => side.Error is null);
        if (good.Length == 0)
        {
            throw sides[0].Error!;
        }

        if (good.Length == 1)
        {
            var side = good[0];
            if (condition is null)
            {
                throw sides[side.Holds ? 1 : 0].Error!;
            }

            session.Truths.Require(scope.Builder.Facts, condition, side.Holds,
                $"{Node.Type} '{Node.Origin}': the rest of the model fits only the {(side.Holds ? "first" : "second")} branch");
            var results = Import(side.Holds, scope.Builder, wanted, rest);
            for (var i = 0; i < wanted.Length; i++)
            {
                scope.Set(wanted[i], results[i]);
            }

            return;
        }

        var values = IfOperator.Emit(Node, condition, wanted, [sides[0].Builder, sides[1].Builder], [sides[0].Results, sides[1].Results],
            (then, otherwise) => Node.Unsupported($"branches after which the graph's outputs have rank {then} or {otherwise}"));
        for (var i = 0; i < wanted.Length; i++)
        {
            scope.Set(wanted[i], values[i]);
        }

        (GraphBuilder Builder, OnnxValue[] Results, bool Holds, DlcException? Error) Try(bool holds)
        {
            var builder = new GraphBuilder(scope.Builder.Module, scope.Builder.Facts.Clone());
            if (condition is not null && !session.Truths.TryAssume(builder.Facts, condition, holds, $"a branch of {Node.Type} '{Node.Origin}'"))
            {
                return (builder, [], holds, Node.Error("has a branch that cannot run", ErrorCodes.BadDim));
            }

            var noted = session.UnsupportedCount;
            try
            {
                return (builder, Import(holds, builder, wanted, rest), holds, null);
            }
            catch (DlcException e) when (e is not (InternalCompilerException or UnsupportedModelException))
            {
                session.ForgetUnsupported(noted);
                return (builder, [], holds, e);
            }
        }
    }

    private OnnxValue[] Import(bool holds, GraphBuilder builder, string[] wanted, IReadOnlyList<NodeProto> rest)
    {
        var results = RegionImporter.Import(Node, holds ? split.Then : split.Otherwise, builder, []);
        IfOperator.Expect(Node, results.Length);
        var inner = new ImportScope(builder, scope.Frame, scope);
        for (var i = 0; i < results.Length; i++)
        {
            if (Node.HasOutput(i))
            {
                inner.Set(Node.OutputName(i), results[i]);
            }
        }

        new GraphImporter(session, inner).ImportSorted(rest, wanted);
        return [.. wanted.Select(name => inner.Find(name) ?? throw new PoisonedNodeException())];
    }
}
