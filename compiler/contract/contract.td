// The dialect `dlc`: what the stages from linalg to LLVM tell each other of functions, loop nests
// and calls that are no operations of ours.
#ifndef DLC_CONTRACT
#define DLC_CONTRACT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Dlc_Dialect : Dialect {
  let name = "dlc";
  let cppNamespace = "::dlc::contract";
  let summary = "What the stages from linalg to LLVM tell each other";
  let description = [{
    The operations between `nn` and LLVM are MLIR's: functions, linalg.generic, calls. What our
    stages know of them beyond that are these attributes, and no others. One operation is our own:
    `dlc.guard`, which ends a turn of a loop.

    | attribute | of | set by | read by | what holds |
    |---|---|---|---|---|
    | `dlc.convolution` | linalg.generic | `linalg/`, kept by `memory/` | `linalg/` layout, `kernel/` winograd | it adds up products of an image and a filter, or of two images; each loop and each operand is what it says |
    | `dlc.rows` | linalg.generic | `linalg/`, kept by `memory/` | `linalg/`, `kernel/` rows | its inputs are numbers and an index; it compares the index with the number of each row of a table, and copies that row, or adds to it |
    | `dlc.epilogue` | linalg.generic | `linalg/` epilogue, kept by `memory/` | `memory/`, `kernel/` | it goes on, element by element, from the sum of products right before it, which is its input of that number; `sum`: whether anyone else reads the sums |
    | `dlc.group` | linalg.generic | `memory/` | `memory/` | nests of one number follow one another, and each makes every one of `parts` equal parts of its rows from the same part of what the others make |
    | `dlc.start` | linalg.generic on buffers | `memory/` | `kernel/` | for each output the number it starts from, of its element type, if the nest goes on from its previous value; else a unit |
    | `dlc.nonzero` | linalg.generic on buffers | `memory/` | `kernel/` | for each input, if it is a padded image, the bounds [low, high) of each axis outside which it is zero; else a unit |
    | `dlc.padding` | linalg.generic on buffers | `memory/` | `kernel/` | distinct marks: of the images in whose padding the nest reads, or of the one in whose padding it writes zeros |
    | `dlc.buffer` | argument of a bufferized function | `memory/` | `memory/`, `llvm/`, tools | each argument is another of a call's buffers |
    | `dlc.arena_bytes` | bufferized function, entry point | `memory/`, kept by `llvm/` and `object/` | the driver, tools | what a call needs of the arena: the size of that argument |
    | `dlc.flops` | bufferized function, entry point | `kernel/`, kept by `llvm/` and `object/` | the driver, tools | multiplications and additions of a call, nominal; not negative |
    | `dlc.schedule` | function of a kernel | `kernel/` | tools, people | how it runs; not empty |
    | `dlc.shared` | scf.for in a bufferized function | `memory/` | `kernel/`, `llvm/` | its turns, from 0 on, touch no memory that another one writes: threads may share them |
    | `dlc.work` | call of a kernel | `kernel/` | `llvm/` | a rough count of its operations; not negative |

    A bufferized function is one that has `dlc.arena_bytes` and buffers for arguments. In it each
    argument has its `dlc.buffer`, each nest that goes on from an output its `dlc.start`, and each
    call its `dlc.work`.
  }];
  let discardableAttrs = (ins
    "::dlc::contract::ConvolutionAttr":$convolution,
    "::dlc::contract::RowsAttr":$rows,
    "::dlc::contract::EpilogueAttr":$epilogue,
    "::dlc::contract::GroupAttr":$group,
    "::mlir::ArrayAttr":$start,
    "::mlir::ArrayAttr":$nonzero,
    "::mlir::ArrayAttr":$padding,
    "::dlc::contract::BufferAttr":$buffer,
    "::mlir::IntegerAttr":$arena_bytes,
    "::mlir::IntegerAttr":$flops,
    "::mlir::StringAttr":$schedule,
    "::mlir::UnitAttr":$shared,
    "::mlir::IntegerAttr":$work
  );
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Dlc_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::dlc::contract";
}

class Dlc_Attr<string name, string text> : AttrDef<Dlc_Dialect, name> {
  let mnemonic = text;
}

// --- convolutions ------------------------------------------------------------------------------

def Dlc_Direction : Dlc_Enum<"Direction", "what a convolution computes", [
  I32EnumCase<"Image", 0, "image">,   // from an image and a filter
  I32EnumCase<"Filter", 1, "filter">, // from two images: the gradient
]>;

def Dlc_Loop : Dlc_Enum<"Loop", "what a loop of a convolution runs over", [
  I32EnumCase<"N", 0, "n">,       // images
  I32EnumCase<"G", 1, "g">,       // groups of channels
  I32EnumCase<"K", 2, "k">,       // channels of the result
  I32EnumCase<"C", 3, "c">,       // channels of the image
  I32EnumCase<"H", 4, "h">,       // rows of the result
  I32EnumCase<"W", 5, "w">,       // its columns
  I32EnumCase<"R", 6, "r">,       // rows of taps
  I32EnumCase<"S", 7, "s">,       // their columns
  I32EnumCase<"Lane", 8, "lane">, // images side by side in memory
  I32EnumCase<"Part", 9, "part">, // parts of a gradient's sum
]>;

def Dlc_Convolution : Dlc_Attr<"Convolution", "convolution"> {
  let summary = "A convolution in one of its three directions, and what its loops are";
  let description = [{
    result[n, g, k, h, w] = sum over c, r, s of image[n, g, c, h + r, w + s] filter[g, k, c, r, s],
    where the image is input 0, the filter input 1, and rows and columns may have strides; or the
    filter as the sum over n, h, w of image, input 0, and result, input 1. Other inputs are not
    read. `loops` has an entry for each loop of the nest, in their order; loops of one turn may be
    missing in operands.

    `#dlc.convolution<image, [n, k, h, w, c, r, s]>`
  }];
  let parameters = (ins EnumParameter<Dlc_Direction>:$direction, ArrayRefParameter<"Loop">:$loops);
  let assemblyFormat = "`<` $direction `,` `[` $loops `]` `>`";
}

// --- rows --------------------------------------------------------------------------------------

def Dlc_Transfer : Dlc_Enum<"Transfer", "which way rows go", [
  I32EnumCase<"Gather", 0, "gather">,          // from the table
  I32EnumCase<"ScatterAdd", 1, "scatter_add">, // into it, added up
]>;

def Dlc_Rows : Dlc_Attr<"Rows", "rows"> {
  let summary = "A transfer of the rows of a table that an index names";
  let description = [{
    The nest adds up, from zero, input 0 wherever input 1, the index, is the number of the loop over
    the table's rows: that loop is summed over where rows come from the table, and parallel where
    they go into it. `#dlc.rows<gather>`
  }];
  let parameters = (ins EnumParameter<Dlc_Transfer>:$direction);
  let assemblyFormat = "`<` $direction `>`";
}

// --- epilogues ---------------------------------------------------------------------------------

def Dlc_Sum : Dlc_Enum<"Sum", "what becomes of sums that an epilogue goes on from", [
  I32EnumCase<"Kept", 0, "kept">,
  I32EnumCase<"Dropped", 1, "dropped">, // nobody else reads them
]>;

def Dlc_Epilogue : Dlc_Attr<"Epilogue", "epilogue"> {
  let summary = "A nest that goes on from the sums of the one before it";
  let description = "`#dlc.epilogue<input = 0, sum = dropped>`";
  let parameters = (ins "unsigned":$input, EnumParameter<Dlc_Sum>:$sum);
  let assemblyFormat = "`<` struct(params) `>`";
}

// --- groups ------------------------------------------------------------------------------------

def Dlc_Group : Dlc_Attr<"Group", "group"> {
  let summary = "Nests that go along a batch part by part, all of them for a part before the next";
  let description = "`#dlc.group<number = 0, parts = 16>`";
  let parameters = (ins "unsigned":$number, "int64_t":$parts);
  let assemblyFormat = "`<` struct(params) `>`";
}

// --- buffers -----------------------------------------------------------------------------------

// In the order of a bufferized function's arguments.
def Dlc_BufferKind : Dlc_Enum<"BufferKind", "which of a call's buffers", [
  I32EnumCase<"Arena", 0, "arena">,
  I32EnumCase<"Gradients", 1, "gradients">,
  I32EnumCase<"Input", 2, "input">,
  I32EnumCase<"Output", 3, "output">,
  I32EnumCase<"RandomKey", 4, "random_key">,
  I32EnumCase<"Rate", 5, "rate">,
  I32EnumCase<"Results", 6, "results">,
  I32EnumCase<"SampleWeight", 7, "sample_weight">,
  I32EnumCase<"Settings", 8, "settings">,
  I32EnumCase<"Slot", 9, "slot">,
  I32EnumCase<"State", 10, "state">,
  I32EnumCase<"Step", 11, "step">,
  I32EnumCase<"TotalSteps", 12, "total_steps">,
  I32EnumCase<"Trace", 13, "trace">,
  I32EnumCase<"Weights", 14, "weights">,
]>;

def Dlc_Buffer : Dlc_Attr<"Buffer", "buffer"> {
  let summary = "A buffer of a call (runtime/include/dlc/model.h)";
  let description = [{
    Of inputs, outputs and slots there are several, with a number each: `#dlc.buffer<input, 2>`.
    The others have number 0, which is not written: `#dlc.buffer<weights>`.
  }];
  let parameters = (ins EnumParameter<Dlc_BufferKind>:$kind,
                        DefaultValuedParameter<"int64_t", "0">:$index);
  let assemblyFormat = "`<` $kind (`,` $index^)? `>`";
  let genVerifyDecl = 1;
}

// --- guards --------------------------------------------------------------------------------------

def Dlc_GuardOp : Op<Dlc_Dialect, "guard", [HasParent<"::mlir::scf::ForOp">, NoTerminator]> {
  let summary = "Ends a turn of a loop in which no element of the mask is true";
  let description = [{
    `linalg/` sets it, on a tensor, where `nn.guard` stood. `memory/` gives it the block that runs
    before the turn ends: it writes zeros where the turn would have written its part of a stack.
    What is carried stays where it is. `llvm/` makes a branch of it.
  }];
  let arguments = (ins AnyShaped:$mask);
  let regions = (region MaxSizedRegion<1>:$otherwise);
  let assemblyFormat = "$mask `:` type($mask) ($otherwise^)? attr-dict";
  let hasVerifier = 1;
}

#endif // DLC_CONTRACT
