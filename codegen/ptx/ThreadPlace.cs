using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Ptx;

/// <summary>Where a thread stands.</summary>
/// <param name="PerItem">Threads that share a work item: 1, 32 or those of the block.</param>
/// <param name="PerBlock">Threads of a block.</param>
/// <param name="InBlock">The thread's number in its block, an i32.</param>
/// <param name="InItem">Its number among those of its work item, an i32.</param>
/// <param name="SharedName">Prefix of the names of the kernel's shared memory.</param>
internal sealed record ThreadPlace(int PerItem, int PerBlock, LLVMValueRef InBlock, LLVMValueRef InItem, string SharedName);
