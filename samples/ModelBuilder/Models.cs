using Dlc.Compiler.Onnx.Proto;

namespace ModelBuilder;

/// <summary>Networks of well-known shapes with seeded random weights, dynamic in batch, sequence and image size.</summary>
public static class Models
{
    /// <summary>
    /// A BERT encoder. Inputs <c>input_ids</c>, <c>attention_mask</c>, <c>token_type_ids</c>: int64 [batch, sequence]; outputs
    /// <c>last_hidden_state</c> [batch, sequence, width] and <c>pooler_output</c> [batch, width].
    /// </summary>
    public static ModelProto Bert(BertConfig config) => ModelBuilder.Bert.Build(config);

    /// <summary>
    /// A GPT-2 decoder. Input <c>input_ids</c>: int64 [batch, sequence]; with a past also <c>attention_mask</c>: int64 [batch, past +
    /// sequence] and <c>past_key_values.N.{key,value}</c> [batch, heads, past, head]; outputs <c>logits</c> [batch, sequence, vocabulary]
    /// and <c>present.N.{key,value}</c>.
    /// </summary>
    public static ModelProto Gpt2(Gpt2Config config) => ModelBuilder.Gpt2.Build(config);

    /// <summary>
    /// A Llama-style decoder. Inputs <c>input_ids</c>, <c>position_ids</c>: int64 [batch, sequence], <c>attention_mask</c>: int64 [batch,
    /// past + sequence], with a past also <c>past_key_values.N.{key,value}</c> [batch, keyHeads, past, head]; outputs as GPT-2's.
    /// </summary>
    public static ModelProto Llama(LlamaConfig config) => ModelBuilder.Llama.Build(config);

    /// <summary>A residual network. Input <c>input</c>: float [batch, 3, height, width]; output <c>output</c> [batch, classes].</summary>
    public static ModelProto ResNet(ResNetConfig config) => ModelBuilder.ResNet.Build(config);

    /// <summary>The models that the command line knows, by name.</summary>
    public static IReadOnlyDictionary<string, Func<ModelProto>> ByName { get; } = new SortedDictionary<string, Func<ModelProto>>(StringComparer.Ordinal)
    {
        ["bert-base"] = () => Bert(BertConfig.Base),
        ["bert-base-layernorm"] = () => Bert(BertConfig.Base with { LayerNormNode = true }),
        ["bert-24"] = () => Bert(BertConfig.Deep),
        ["bert-tiny"] = () => Bert(BertConfig.Tiny),
        ["encoder-6x384"] = () => Bert(BertConfig.Small),
        ["gpt2"] = () => Gpt2(Gpt2Config.Small),
        ["gpt2-decode"] = () => Gpt2(Gpt2Config.Small with { Past = true }),
        ["gpt2-tiny"] = () => Gpt2(Gpt2Config.Tiny),
        ["gpt2-tiny-decode"] = () => Gpt2(Gpt2Config.Tiny with { Past = true }),
        ["llama-2-1b"] = () => Llama(LlamaConfig.Llama2Of1B),
        ["llama-2-1b-bf16"] = () => Llama(LlamaConfig.Llama2Of1B with { IsBfloat16 = true }),
        ["llama-25m"] = () => Llama(LlamaConfig.Trained),
        ["llama-small"] = () => Llama(LlamaConfig.Small),
        ["llama-small-decode"] = () => Llama(LlamaConfig.Small with { Past = true }),
        ["llama-medium"] = () => Llama(LlamaConfig.Medium),
        ["llama-medium-decode"] = () => Llama(LlamaConfig.Medium with { Past = true }),
        ["llama-tiny"] = () => Llama(LlamaConfig.Tiny),
        ["llama-tiny-decode"] = () => Llama(LlamaConfig.Tiny with { Past = true }),
        ["resnet50"] = () => ResNet(ResNetConfig.ResNet50),
        ["resnet-tiny"] = () => ResNet(ResNetConfig.Tiny),
    };
}
