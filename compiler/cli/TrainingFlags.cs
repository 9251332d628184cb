using System.CommandLine;
using Dlc.Compiler.Training;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Cli;

/// <summary>The options that say how a model is trained.</summary>
internal sealed class TrainingFlags
{
    private readonly Option<bool> _train = new("--train") { Description = "Compile a training step: loss, gradients and the optimizer as one graph" };

    private readonly Option<string?> _loss = new("--loss")
    {
        Description = "What training makes small: an output of one element, or the cross-entropy of an output [..., classes] and labels [...], an input that is added",
        HelpName = "OUTPUT|cross-entropy(LOGITS,LABELS)",
    };

    private readonly Option<string> _optimizer = new("--optimizer")
    {
        Description = "adamw(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01) or sgd(lr=0.01, momentum=0, nesterov=0, decay=0)",
        HelpName = "NAME(...)",
        DefaultValueFactory = _ => "adamw",
    };

    private readonly Option<string[]> _freeze = new("--freeze") { Description = "Initializers that stay as they are, with * and ?", HelpName = "PATTERN" };

    private readonly Option<string[]> _unfreeze = new("--unfreeze")
    {
        Description = "Initializers that are parameters though they do not look like weights, with * and ?: a temperature, a scale of one number",
        HelpName = "PATTERN",
    };

    private readonly Option<double?> _clip = new("--clip-norm") { Description = "Scale all gradients down to this norm where it is larger", HelpName = "NORM" };

    private readonly Option<int> _accumulate = new("--accumulate")
    {
        Description = "Average the gradients of this many batches before the parameters move",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_train, _loss, _optimizer, _freeze, _unfreeze, _clip, _accumulate])
        {
            command.Add(option);
        }
    }

    /// <summary>What they say; null without <c>--train</c>.</summary>
    /// <exception cref="DlcException">There is no loss, or a number that makes no sense.</exception>
    public TrainingOptions? Read(ParseResult parsed)
    {
        if (!parsed.GetValue(_train))
        {
            return parsed.GetValue(_loss) is null ? null : throw new DlcException(ErrorCodes.BadOption, "--loss needs --train");
        }

        if (parsed.GetValue(_accumulate) < 1 || parsed.GetValue(_clip) is <= 0 or double.NaN)
        {
            throw new DlcException(ErrorCodes.BadOption, "--accumulate takes a number from 1 on, and --clip-norm one above 0");
        }

        return new TrainingOptions
        {
            Loss = parsed.GetValue(_loss) ?? throw new DlcException(ErrorCodes.BadOption, "--train needs --loss OUTPUT or --loss 'cross-entropy(LOGITS,LABELS)'"),
            Optimizer = OptimizerSpec.Parse(parsed.GetValue(_optimizer)!),
            Freeze = parsed.GetValue(_freeze) ?? [],
            Unfreeze = parsed.GetValue(_unfreeze) ?? [],
            ClipNorm = parsed.GetValue(_clip),
            AccumulationSteps = parsed.GetValue(_accumulate),
        };
    }
}
