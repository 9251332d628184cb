using Dlc.Codegen.Image;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.X86;
using Xunit;

namespace Dlc.Tests.Codegen;

public sealed unsafe class ImageTests
{
    [Fact]
    public void Functions_of_several_objects_reach_each_other_and_their_constants()
    {
        ImageBuilder builder = new();
        builder.Add(Compile((context, module, b) =>
        {
            LLVMTypeRef type = LLVMTypeRef.CreateFunction(context.DoubleType, [context.DoubleType]);
            LLVMValueRef helper = module.AddFunction("helper", type);
            LLVMValueRef function = module.AddFunction("entry", type);
            b.PositionAtEnd(function.AppendBasicBlock(context, "entry"));
            LLVMValueRef scaled = b.BuildFMul(function.GetParam(0), LLVMValueRef.CreateConstReal(context.DoubleType, 2.5));
            b.BuildRet(b.BuildCall2(type, helper, [scaled]));
        }));
        builder.Add(Compile((context, module, b) =>
        {
            LLVMTypeRef type = LLVMTypeRef.CreateFunction(context.DoubleType, [context.DoubleType]);
            LLVMValueRef function = module.AddFunction("helper", type);
            b.PositionAtEnd(function.AppendBasicBlock(context, "entry"));
            LLVMTypeRef table = LLVMTypeRef.CreateArray(context.DoubleType, 2);
            LLVMValueRef global = module.AddGlobal(table, "table");
            global.SetPrivateConstant(LLVMValueRef.CreateConstArray(
                context.DoubleType,
                [LLVMValueRef.CreateConstReal(context.DoubleType, 1), LLVMValueRef.CreateConstReal(context.DoubleType, 100)]));
            LLVMValueRef index = b.BuildFPToSI(function.GetParam(0), context.Int64Type);
            LLVMValueRef bit = b.BuildAnd(index, LLVMValueRef.CreateConstInt(context.Int64Type, 1));
            LLVMValueRef element = b.BuildLoad2(context.DoubleType, b.BuildInBoundsGEP2(context.DoubleType, global, bit));
            b.BuildRet(b.BuildFAdd(function.GetParam(0), element));
        }));
        (byte[] bytes, int codeOffset, SortedDictionary<string, int> symbols) = builder.Build();
        Assert.Equal(0, codeOffset % CodeImage.PageBytes);
        Assert.All(symbols.Values, offset => Assert.True(offset >= codeOffset));
        using GuardedMemory code = GuardedMemory.Code(bytes);
        var entry = (delegate* unmanaged<double, double>)(code.Address + symbols["entry"]);
        Assert.Equal(105.0, entry(2.0));
        Assert.Equal(11.0, entry(4.0));
    }

    [Fact]
    public void An_external_symbol_is_an_error_that_names_it()
    {
        ImageBuilder builder = new();
        builder.Add(Compile((context, module, b) =>
        {
            LLVMTypeRef type = LLVMTypeRef.CreateFunction(context.Int32Type, []);
            LLVMValueRef missing = module.AddFunction("somewhere_else", type);
            b.PositionAtEnd(module.AddFunction("entry", type).AppendBasicBlock(context, "entry"));
            b.BuildRet(b.BuildCall2(type, missing, []));
        }));
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => builder.Build());
        Assert.Contains("'somewhere_else'", e.Message);
    }

    [Fact]
    public void A_symbol_defined_twice_is_an_error_that_names_it()
    {
        byte[] file = Compile((context, module, b) =>
        {
            LLVMTypeRef type = LLVMTypeRef.CreateFunction(context.Int32Type, []);
            b.PositionAtEnd(module.AddFunction("twin", type).AppendBasicBlock(context, "entry"));
            b.BuildRet(context.Int32Type.Null);
        });
        ImageBuilder builder = new();
        builder.Add(file);
        builder.Add(file);
        Assert.Contains("'twin'", Assert.Throws<InvalidDataException>(() => builder.Build()).Message);
    }

    [Fact]
    public void Anything_but_an_x86_object_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => new ImageBuilder().Add("not an object at all, but long enough for a header of one......"u8));
        Assert.Throws<InvalidDataException>(() => new ImageBuilder().Add([]));
    }

    [Fact]
    public void Broken_modules_and_pipelines_are_reported_not_fatal()
    {
        LLVMLibrary.EnsureX86();
        using LLVMContextRef context = LLVMContextRef.Create();
        using LLVMModuleRef module = context.CreateModuleWithName("broken");
        LLVMTypeRef type = LLVMTypeRef.CreateFunction(context.Int32Type, []);
        module.AddFunction("f", type).AppendBasicBlock(context, "entry");
        Assert.False(module.TryVerify(out string problem));
        Assert.Contains("terminator", problem);
        using LLVMTargetMachineRef machine = Machine();
        Assert.Throws<InvalidOperationException>(() => module.RunPasses("no-such-pass", machine));
        Assert.Throws<ArgumentException>(() => module.GetIntrinsicDeclaration("llvm.no.such.intrinsic", []));
        Assert.Throws<ArgumentException>(() => context.CreateEnumAttribute("nosuchattribute"));
    }

    [Fact]
    public void Targets_have_names_and_machines()
    {
        Assert.Same(CpuTarget.V4, CpuTarget.Parse("x86-64-v4"));
        Assert.Same(CpuTarget.V3, CpuTarget.Parse("x86-64-v3"));
        Assert.True(CpuTarget.Parse("native").RunsHere());
        Assert.Throws<ArgumentException>(() => CpuTarget.Parse("z80"));
        Assert.Equal(16, CpuTarget.V4.Machine.VectorLanes);
        Assert.Equal(9, CpuTarget.V4.Machine.MaximalTileRows(48));
        Assert.Equal(6, CpuTarget.V3.Machine.MaximalTileRows(16));
    }

    private static LLVMTargetMachineRef Machine() => LLVMTargetRef.GetTargetFromTriple(CpuTarget.Triple).CreateTargetMachine(
        CpuTarget.Triple, CpuTarget.V3.Cpu, CpuTarget.V3.Features, LLVMCodeGenOptLevel.LLVMCodeGenLevelDefault);

    private static byte[] Compile(Action<LLVMContextRef, LLVMModuleRef, LLVMBuilderRef> write)
    {
        LLVMLibrary.EnsureX86();
        using LLVMTargetMachineRef machine = Machine();
        using LLVMContextRef context = LLVMContextRef.Create();
        using LLVMModuleRef module = context.CreateModuleWithName("test");
        module.SetTarget(CpuTarget.Triple, machine);
        using LLVMBuilderRef builder = context.CreateBuilder();
        write(context, module, builder);
        Assert.True(module.TryVerify(out string problem), problem);
        return machine.EmitObject(module);
    }
}
