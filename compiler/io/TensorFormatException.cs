using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.IO;

/// <summary>A tensor file (.npy, .npz, .pb) or an inline ONNX tensor that is damaged, hostile or of a kind that cannot be read.</summary>
/// <param name="message">What was expected and what was found, starting with the file or tensor name.</param>
/// <param name="inner">The library error behind it, if any.</param>
public sealed class TensorFormatException(string message, Exception? inner = null)
    : DlcException(ErrorCodes.BadTensorFile, message, where: null, inner);
