using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Tests.Gpu;

/// <summary>A model whose only kernel checks what it reads: <c>y[i] = table[ids[i]]</c>, of a table of four floats.</summary>
internal static class LookupModel
{
    public static Module Build()
    {
        var module = new Module("lookup");
        var builder = new GraphBuilder(module);
        var table = builder.Input(new TensorType(ElementType.Float32, new Shape([module.Dims.Const(4)])), "table");
        var ids = builder.Input(new TensorType(ElementType.Int64, new Shape([module.Facts.NewDim("n")])), "ids");
        module.Main = builder.Build([builder.Add(new Gather(0), [table, ids])]);
        module.OutputNames = ["y"];
        return module;
    }
}
