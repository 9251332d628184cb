// Writes a network with seeded random weights as an ONNX file:
//
//     dotnet run -c Release --project samples/ModelBuilder -- bert-base bert.onnx [--external]
using ModelBuilder;

var external = args.Contains("--external");
if (args.Where(a => a != "--external").ToArray() is not [var name, var path] || !Models.ByName.TryGetValue(name, out var build))
{
    Console.Error.WriteLine($"usage: ModelBuilder NAME FILE.onnx [--external]\nNAME is one of: {string.Join(", ", Models.ByName.Keys)}");
    return 2;
}

var model = build();
OnnxFile.Write(model, path, external);
Console.WriteLine($"{path}: {model.Graph.Node.Count} nodes, {new FileInfo(path).Length:N0} bytes");
return 0;
