// Every pass of the compiler: its name, what it expects and leaves, its options. From this,
// mlir-tblgen writes the base classes (GEN_PASS_DEF_… in each pass's file), the functions that make
// the passes (passes.h) and their registration (pipeline.cpp).
//
// What a pass depends on must be an option of it: a reproducer holds the passes as text.
#ifndef DLC_PASSES
#define DLC_PASSES

include "mlir/Pass/PassBase.td"

// --- grad ------------------------------------------------------------------------------------

def DifferentiatePass : Pass<"dlc-differentiate", "::mlir::ModuleOp"> {
  let summary = "Replace @train by @step, which also returns the gradients of the loss";
  let description = [{
    Expects `nn`. @train has one block, one result of `nn.kind` "loss", and its weights are the
    arguments of `nn.kind` "param". Leaves @step in its place, with one more result for each weight,
    of `nn.kind` "gradient". The gradient of a value named `v` is named `d(v)`. A weight that the
    loss does not depend on is a warning; an operation without a derivative here is an error. A
    module without @train is left as it is.
  }];
  let dependentDialects = ["nn::NnDialect"];
}

// --- fused -----------------------------------------------------------------------------------

def FoldPass : Pass<"dlc-fold", "::mlir::func::FuncOp"> {
  let summary = "Compute what depends on no argument";
  let description = [{
    Expects `nn`. What is made of constants alone, of which some hold several numbers, becomes a
    constant: the evaluator computes it in f64. Broadcasts at the end stay, so that no data is
    repeated.
  }];
  let dependentDialects = ["nn::NnDialect"];
  let options = [
    Option<"largest", "largest", "int64_t", /*default=*/"4194304",
           "elements that a value may have to be computed here">,
  ];
}

// --- linalg ----------------------------------------------------------------------------------

def SlopesPass : Pass<"dlc-slopes", "::mlir::func::FuncOp"> {
  let summary = "Make what a gradient is multiplied with where its operands are";
  let description = [{
    Expects `nn`. Elementwise operations that stand far behind what they are made of, with products
    and convolutions in between, move there if less has to be kept for them then: of gelu, its
    slope instead of x and erf(x / sqrt(2)). Loops are left as they are.
  }];
  let dependentDialects = ["nn::NnDialect"];
}

def LinalgPass : Pass<"dlc-nn-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower nn to linalg on tensors";
  let description = [{
    A full conversion of functions of one block: an operation without a rule is an error. A loop
    becomes an scf.for that carries tensors, those it stacks among them: each turn takes its part of
    the slices by tensor.extract_slice and puts its part into the stacks by tensor.insert_slice.
    Booleans become i8, since a tensor in memory has whole bytes. Convolutions say in
    `dlc.convolution` what their loops are (contract/contract.td); all passes from here on keep that
    true.
  }];
  let dependentDialects = ["contract::DlcDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FusePass : Pass<"dlc-fuse", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise loop nests into their users";
  let description = [{
    Expects linalg on tensors. An elementwise nest goes into the nest that uses it where nothing is
    computed twice but what costs less than a trip through memory. Operands that a nest no longer
    needs stay, for `dlc-tidy`. A convolution remains one where the producer only moves elements.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def TidyPass : Pass<"dlc-tidy", "::mlir::func::FuncOp"> {
  let summary = "Drop the operands and results of loop nests that fusion left unused";
  let description = [{
    Expects linalg on tensors, and leaves the same without operands and results that nothing reads.
  }];
}

def LayoutPass : Pass<"dlc-layout", "::mlir::func::FuncOp"> {
  let summary = "Lay images out with the channels, or 16 of the batch, last";
  let description = [{
    Expects fused linalg on tensors in which convolutions have their `dlc.convolution` and images
    still their four axes. Functions without a convolution stay as they are.

    In the others tensors [N, C, H, W] with enough channels lie in memory as [N, H, W, C], so that
    the lanes of a vector are neighbouring channels. Nothing is copied for it: the loops that write
    and read such a tensor index it so. Values that functions take, return or reshape keep their
    order. The weights of a convolution are copied with the channel that becomes the lanes last,
    since they are small.

    Where convolutions read or make images of fewer channels than that, and the batch is a multiple
    of 16, these lie as [N / 16, C, H, W, 16]: the lanes are 16 images. So does all that is computed
    point by point from them or to them, through reshapes of single images too, and arguments are
    copied. Gradients of weights are added up by lanes, then over these.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ReshapePass : Pass<"dlc-fuse-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise loop nests across reshapes";
  let description = [{
    As `dlc-fuse`, where a reshape stands between the two, as behind the gradient of an average
    pool: the user then runs over the axes that its producer has. Comes after `dlc-layout`, which
    knows images by their axes.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def SplitPass : Pass<"dlc-split", "::mlir::func::FuncOp"> {
  let summary = "Cut long sums into sums of parts";
  let description = [{
    Expects linalg on tensors. Sums over far more than they yield, as gradients of small filters
    are, become eight sums over parts of the outermost reduced dimension and a sum of these, or two
    where eight partial sums would be too large. Each part is then an item of work of its own, which
    reads its inputs once. How many parts there are, and so the order of all additions, depends on
    sizes alone.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def EpiloguePass : Pass<"dlc-epilogues", "::mlir::func::FuncOp"> {
  let summary = "Find what is done to each sum of products";
  let description = [{
    Expects fused linalg on tensors. An elementwise nest that reads a sum of products element by
    element (a bias, an activation, a mask) moves right behind it, and `dlc.epilogue` says which of its
    inputs is the sum, and whether anyone else reads it: a kernel can then do it to a tile of sums
    before they leave the registers.
  }];
  let dependentDialects = ["contract::DlcDialect"];
}

// --- llvm ------------------------------------------------------------------------------------

def BufferizePass : Pass<"dlc-bufferize", "::mlir::ModuleOp"> {
  let summary = "Give every tensor memory in the call's buffers";
  let description = [{
    Expects fused linalg on tensors, in loops that carry tensors, with arguments and results marked
    by `nn.kind`. Leaves linalg, in loops that carry nothing, on views of the call's buffers:
    weights, gradients, state, inputs, outputs, results, and one arena for all else. Each argument
    of a bufferized function is a buffer of bytes, named by its attribute `dlc.buffer`; the function
    gets `dlc.arena_bytes`, and nests what is known of their starts and zeros
    (contract/contract.td). See memory/assign.h for the rules.
  }];
  let dependentDialects = ["contract::DlcDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def GroupPass : Pass<"dlc-group", "::mlir::func::FuncOp"> {
  let summary = "Find nests that had better run part by part of the batch";
  let description = [{
    Expects fused linalg on tensors. Where nests follow one another in which every sample of the batch needs nothing of
    the others, as in attention, and hand on more than caches hold, they get `dlc.group`: `dlc-bufferize` then keeps
    their tensors apart, and `dlc-share-loops` runs all of them for a part of the batch before the next part.
  }];
  let dependentDialects = ["contract::DlcDialect"];
  let options = [
    Option<"leastBytes", "least-bytes", "int64_t", /*default=*/"4194304",
           "what nests hand on at least: less stays in a cache">,
    Option<"fewestParts", "fewest-parts", "int64_t", /*default=*/"8",
           "parts of the batch at least: even work for 2, 4 and 8 threads">,
  ];
}

def SharePass : Pass<"dlc-share-loops", "::mlir::func::FuncOp"> {
  let summary = "Let threads share the rows of a batch where these need nothing of each other";
  let description = [{
    Expects what `dlc-bufferize` leaves. A loop in which every nest goes along the batch by a loop of
    its own, from the rows of its operands to those of its results, becomes a loop over parts of the
    batch with the attribute `dlc.shared`, in which the loop runs for the rows of one part: a thread
    then takes its part through all turns, and none waits for another in between. So do the nests of a
    group (`dlc.group`), which a thread runs one after the other for its part.
  }];
  let dependentDialects = ["contract::DlcDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def KernelPass : Pass<"dlc-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn linalg on buffers into calls of kernels made for one processor";
  let description = [{
    Expects what `dlc-bufferize` leaves. Each linalg.generic becomes
    `func.call @kernel_<n>(buffers…, 0, items)` with the attribute `dlc.work`; one function, of scf
    loops around vectors and with its `dlc.schedule`, for all nests that are alike. A convolution,
    which `dlc.convolution` tells, may become fused nests in one function (winograd/winograd.h) and
    a call before it, for which memory/workspace.h grows the arena. Each function gets `dlc.flops`.

    The options are all that the cost model knows of the processor, and for people who tune kernels a
    schedule of their own (`force-schedule='0p:64/6 1r:256 lanes 16 of 1'`, once or several times: it
    runs all nests that it fits) and a print of the losers on stderr.
  }];
  let dependentDialects = ["contract::DlcDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "dlc::Processor().vectorBytes",
           "bytes of a vector register">,
    Option<"registers", "registers", "unsigned", "dlc::Processor().registers",
           "vector registers">,
    Option<"l1Bytes", "l1-bytes", "int64_t", "dlc::Processor().l1.bytes",
           "bytes of the first cache">,
    Option<"l1Ways", "l1-ways", "int64_t", "dlc::Processor().l1.ways",
           "lines that may lie in one set of the first cache">,
    Option<"l2Bytes", "l2-bytes", "int64_t", "dlc::Processor().l2.bytes",
           "bytes of the second cache">,
    Option<"l2Ways", "l2-ways", "int64_t", "dlc::Processor().l2.ways",
           "lines that may lie in one set of the second cache">,
    Option<"l3Bytes", "l3-bytes", "int64_t", "dlc::Processor().l3Bytes",
           "bytes of the third cache">,
    ListOption<"forceSchedule", "force-schedule", "std::string",
               "schedules, as kernels carry them, for all nests that they fit">,
    Option<"printSchedules", "print-schedules", "unsigned", "0",
           "print the costs of each kernel's forms and of so many of its schedules">,
  ];
}

def EntryPass : Pass<"dlc-entries", "::mlir::ModuleOp"> {
  let summary = "Make the entry points of a model from its bufferized functions";
  let description = [{
    Expects what `dlc-outline-kernels` leaves. Each bufferized function becomes
    `dlc_<name>(const dlc_call *)`, or `dlc_update(const dlc_update *)`, in the LLVM dialect
    (runtime/include/dlc/model.h), which calls the kernels directly or through the call's thread
    pool.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect"];
}

def MathPass : Pass<"dlc-math", "::mlir::func::FuncOp"> {
  let summary = "Expand elementary functions to arithmetic that has vector instructions";
  let description = [{
    exp, log, tanh and erf of f32 become polynomials (llvm/math.h), and math.fma a product and a
    sum that may become one instruction where the processor has it.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif // DLC_PASSES
