using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>A test that compares a model of the suite with ONNX Runtime; it skips, and says why, where either could not be fetched.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ModelFactAttribute : FactAttribute
{
    public ModelFactAttribute(string model) => Skip = OrtLibrary.Missing ?? ModelSuite.ByName(model).Missing;
}
