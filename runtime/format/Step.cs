namespace Dlc.Runtime.Format;

/// <summary>One step of a <see cref="StepProgram"/>; steps run in order.</summary>
public abstract class Step
{
    private protected Step()
    {
    }

    /// <summary>ONNX node names this step came from, for messages and traces.</summary>
    public string[] Origins { get; init; } = [];
}
