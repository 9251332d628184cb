using System.CommandLine;

namespace Dlc.Compiler.Cli;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    public static Argument<string> Model(bool compiled) => new("MODEL")
    {
        Description = compiled ? "An ONNX model, or a .dlcx file that was compiled before" : "An ONNX model",
    };

    public static Option<string> Target() => new("--target")
    {
        Description = "Machine to compile for: cpu (this one), cpu:x86-64-v3, cpu:x86-64-v4 or cpu:native; cuda:sm_80 or cuda:sm_90 (+tf32 lets f32 products use tensor cores)",
        HelpName = "TARGET",
        DefaultValueFactory = _ => "cpu",
    };

    public static Option<string[]> Dim() => new("--dim")
    {
        Description = "What is known of a dim: a value (batch=4), a range (seq=1..512), a divisor (seq=%8), likely values (seq=~128|512), or "
            + "several of them joined by commas. The runtime checks it",
        HelpName = "NAME=SPEC",
    };

    public static Option<int> Threads() => AtLeast(new Option<int>("--threads")
    {
        Description = "Threads to use; 0 for as many as the machine has processors",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    }, 0);

    public static Option<int> Repeat(string description, int preset) => AtLeast(new Option<int>("--repeat")
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => preset,
    }, 1);

    public static Option<string?> Dump() => new("--dump")
    {
        Description = "Write the graph after each pass that changed it, and the kernels, to files in this folder",
        HelpName = "DIR",
    };

    public static Option<string[]> Fill() => new("--fill")
    {
        Description = "Values of an input that is not given: NAME=range(a,b) draws from a (included) to b (not included)",
        HelpName = "NAME=range(a,b)",
    };

    public static Option<string[]> Dims() => new("--dims")
    {
        Description = "Sizes of the inputs that are not given, such as batch=4,seq=77; a dim without a name is called after its input and axis (x.0)",
        HelpName = "NAME=N,...",
    };

    public static Option<string?> MemoryLimit() => new("--memory-limit")
    {
        Description = "The most bytes that a run may take, weights, inputs and outputs included, such as 512MiB: what does not fit is computed again or moved out for a while",
        HelpName = "SIZE",
    };

    public static Option<bool> TimePasses() => new("--time-passes") { Description = "Print the time that each pass took" };

    private static Option<int> AtLeast(Option<int> option, int least)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var n) && n < least)
            {
                result.AddError($"{option.Name} takes a number from {least} on, not {n}");
            }
        });
        return option;
    }
}
