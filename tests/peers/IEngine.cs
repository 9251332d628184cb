namespace Dlc.Peers;

/// <summary>Something that runs ONNX models: this project's compiler, or a peer that it is measured against.</summary>
public interface IEngine
{
    /// <summary>A short name for reports.</summary>
    string Name { get; }

    /// <summary>Loads (or compiles) a model file.</summary>
    /// <exception cref="UnsupportedModelException">The engine says that it lacks something the model needs.</exception>
    IEngineModel Load(string path, int threads = 1);
}
