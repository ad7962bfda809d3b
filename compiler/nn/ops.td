// The operations of the dialect: those of stdlib/ops.nn, where they are described, `constant`, and
// `loop` with its `yield` and `guard`.
#ifndef DLC_NN_OPS_TD
#define DLC_NN_OPS_TD

include "compiler/nn/dialect.td"
include "compiler/nn/interfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// --- types and configuration -------------------------------------------------------------------

def Real : StaticShapeTensorOf<[F32, F64]>;
def Int : StaticShapeTensorOf<[I32]>;
def Number : StaticShapeTensorOf<[F32, F64, I32]>;
def Bool : StaticShapeTensorOf<[I1]>;
def AnyElement : StaticShapeTensorOf<[F32, F64, I32, I1]>;

class Numbers<list<AttrConstraint> constraints> : ConfinedAttr<DenseI64ArrayAttr, constraints>;
def Places : Numbers<[DenseArrayNonNegative<DenseI64ArrayAttr>]>;       // axes
def Sizes : Numbers<[DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;   // of axes
def RowsColumns : Numbers<[DenseArrayCount<2>, DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;
def Sides : Numbers<[DenseArrayCount<4>, DenseArrayNonNegative<DenseI64ArrayAttr>]>;
def Count : ConfinedAttr<I64Attr, [IntPositive]>;
def Axis : ConfinedAttr<I64Attr, [IntNonNegative]>;

// --- bases -------------------------------------------------------------------------------------

// With a signature in stdlib/ops.nn, and with any number of operands and results.
class Nn_SignedOp<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic,
         [Pure, DeclareOpInterfaceMethods<Differentiable>,
          DeclareOpInterfaceMethods<InferTypeOpInterface>] # traits> {
  code inference = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes,
        ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return inferFromSignature<$cppClass>(context, location, operands, attributes, properties, types);
    }
  }];
  let extraClassDefinition = inference;

  // Parts of assembly formats.
  string signatureFormat = "attr-dict `:` functional-type(operands, results)";
  string convolutionFormat = "`stride` $stride `pad` $pad `dilation` $dilation `groups` $groups ";
  string windowFormat = "`kernel` $kernel `stride` $stride `pad` $pad ";
}

// With one result, whose gradient is one value.
class Nn_Op<string mnemonic, list<Trait> traits = []> : Nn_SignedOp<mnemonic, traits> {
  let extraClassDeclaration = [{
    ::dlc::grad::Gradients gradients(::dlc::grad::Formula &f, ::mlir::Value dy);
  }];
  let extraClassDefinition = inference # [{
    ::dlc::grad::Gradients $cppClass::gradients(::dlc::grad::Formula &f, ::mlir::ValueRange dy) {
      return gradients(f, dy.front());
    }
  }];
}

class Nn_Elementwise<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, [Elementwise] # traits>;

class Nn_Unary<string mnemonic, TypeConstraint type = Real> : Nn_Elementwise<mnemonic> {
  let arguments = (ins type:$x);
  let results = (outs type:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Nn_Binary<string mnemonic, TypeConstraint type = Number, list<Trait> traits = []>
    : Nn_Elementwise<mnemonic, [AllTypesMatch<["a", "b"]>] # traits> {
  let arguments = (ins type:$a, type:$b);
  let results = (outs type:$y);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($a)";
}

class Nn_Comparison<string mnemonic, TypeConstraint type>
    : Nn_Elementwise<mnemonic, [AllTypesMatch<["a", "b"]>]> {
  let arguments = (ins type:$a, type:$b);
  let results = (outs Bool:$y);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($a)";
}

// --- constant ----------------------------------------------------------------------------------

def Nn_ConstantOp : Op<Nn_Dialect, "constant",
    [Pure, ConstantLike, DeclareOpInterfaceMethods<Differentiable>,
     DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Numbers known to the compiler";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

// --- elementwise -------------------------------------------------------------------------------

def Nn_NegOp : Nn_Unary<"neg", Number>;
def Nn_AbsOp : Nn_Unary<"abs", Number>;
def Nn_SignOp : Nn_Unary<"sign">;
def Nn_ErfOp : Nn_Unary<"erf">;
def Nn_ExpOp : Nn_Unary<"exp">;
def Nn_LogOp : Nn_Unary<"log">;
def Nn_SqrtOp : Nn_Unary<"sqrt">;
def Nn_TanhOp : Nn_Unary<"tanh">;
def Nn_SigmoidOp : Nn_Unary<"sigmoid">;
def Nn_SinOp : Nn_Unary<"sin">;
def Nn_CosOp : Nn_Unary<"cos">;
def Nn_FloorOp : Nn_Unary<"floor">;
def Nn_StopGradientOp : Nn_Unary<"stop_gradient">;

def Nn_AddOp : Nn_Binary<"add", Number, [Commutative]>;
def Nn_SubOp : Nn_Binary<"sub">;
def Nn_MulOp : Nn_Binary<"mul", Number, [Commutative]>;
def Nn_DivOp : Nn_Binary<"div">;
def Nn_PowOp : Nn_Binary<"pow", Real>;
// Not commutative: where both are equal, the gradient goes to b.
def Nn_MaxOp : Nn_Binary<"max">;
def Nn_MinOp : Nn_Binary<"min">;

def Nn_LessOp : Nn_Comparison<"less", Number>;
def Nn_LessEqualOp : Nn_Comparison<"less_equal", Number>;
def Nn_SameOp : Nn_Comparison<"same", Int>;

def Nn_SelectOp : Nn_Elementwise<"select", [AllTypesMatch<["a", "b"]>]> {
  let arguments = (ins Bool:$condition, AnyElement:$a, AnyElement:$b);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$condition `,` $a `,` $b attr-dict `:` type($condition) `,` type($a)";
}

def Nn_CastOp : Nn_Elementwise<"cast"> {
  let arguments = (ins AnyElement:$x, TypeAttrOf<AnyTypeOf<[F32, F64, I32]>>:$to);
  let results = (outs Number:$y);
  let assemblyFormat = "$x `to` $to attr-dict `:` type($x)";
}

// --- shape -------------------------------------------------------------------------------------

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let arguments = (ins AnyElement:$x, Sizes:$shape);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `shape` $shape " # signatureFormat;
}

def Nn_TransposeOp : Nn_Op<"transpose"> {
  let arguments = (ins AnyElement:$x, Places:$permutation);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `permutation` $permutation " # signatureFormat;
}

def Nn_FlipOp : Nn_Op<"flip"> {
  let arguments = (ins AnyElement:$x, Places:$axes);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `axes` $axes " # signatureFormat;
}

def Nn_BroadcastOp : Nn_Op<"broadcast"> {
  let arguments = (ins AnyElement:$x, Places:$axes, Sizes:$sizes);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `axes` $axes `sizes` $sizes " # signatureFormat;
}

def Nn_ConcatOp : Nn_Op<"concat"> {
  let arguments = (ins Variadic<AnyElement>:$x, Axis:$axis);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `axis` $axis " # signatureFormat;
}

def Nn_SplitOp : Nn_SignedOp<"split"> {
  let arguments = (ins AnyElement:$x, Axis:$axis, Sizes:$sizes);
  let results = (outs Variadic<AnyElement>:$parts);
  let assemblyFormat = "$x `axis` $axis `sizes` $sizes " # signatureFormat;
}

// --- reduction ---------------------------------------------------------------------------------

class Nn_Reduction<string mnemonic> : Nn_Op<mnemonic> {
  let arguments = (ins Number:$x, Places:$axes);
  let results = (outs Number:$y);
  let assemblyFormat = "$x `axes` $axes " # signatureFormat;
}
def Nn_ReduceSumOp : Nn_Reduction<"reduce_sum">;
def Nn_ReduceMaxOp : Nn_Reduction<"reduce_max">;

def Nn_ArgmaxOp : Nn_Op<"argmax"> {
  let arguments = (ins Real:$x);
  let results = (outs Int:$y);
  let assemblyFormat = "$x " # signatureFormat;
}

// `element`, here and in random_uniform, is the floating type that no operand tells.
def Nn_OneHotOp : Nn_Op<"one_hot"> {
  let arguments = (ins Int:$index, Count:$classes, TypeAttrOf<AnyTypeOf<[F32, F64]>>:$element);
  let results = (outs Real:$y);
  let assemblyFormat = "$index `classes` $classes `element` $element " # signatureFormat;
}

// --- rows --------------------------------------------------------------------------------------

def Nn_GatherOp : Nn_Op<"gather"> {
  let arguments = (ins Real:$table, Int:$index);
  let results = (outs Real:$y);
  let assemblyFormat = "$table `,` $index " # signatureFormat;
}

def Nn_ScatterAddOp : Nn_Op<"scatter_add"> {
  let arguments = (ins Real:$x, Int:$index, Count:$rows);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `,` $index `rows` $rows " # signatureFormat;
}

// --- contraction -------------------------------------------------------------------------------

def Nn_MatmulOp : Nn_Op<"matmul"> {
  let arguments = (ins Real:$a, Real:$b);
  let results = (outs Real:$y);
  let assemblyFormat = "$a `,` $b " # signatureFormat;
}

def Nn_Conv2dOp : Nn_Op<"conv2d"> {
  let arguments = (ins Real:$x, Real:$w,
                       RowsColumns:$stride, Sides:$pad, RowsColumns:$dilation, Count:$groups);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `,` $w " # convolutionFormat # signatureFormat;
}

def Nn_Conv2dGradInputOp : Nn_Op<"conv2d_grad_input"> {
  let arguments = (ins Real:$dy, Real:$w, Sizes:$shape,
                       RowsColumns:$stride, Sides:$pad, RowsColumns:$dilation, Count:$groups);
  let results = (outs Real:$dx);
  let assemblyFormat = "$dy `,` $w `shape` $shape " # convolutionFormat # signatureFormat;
  let hasVerifier = 1;
}

def Nn_Conv2dGradWeightOp : Nn_Op<"conv2d_grad_weight"> {
  let arguments = (ins Real:$x, Real:$dy, Sizes:$shape,
                       RowsColumns:$stride, Sides:$pad, RowsColumns:$dilation, Count:$groups);
  let results = (outs Real:$dw);
  let assemblyFormat = "$x `,` $dy `shape` $shape " # convolutionFormat # signatureFormat;
  let hasVerifier = 1;
}

// --- window ------------------------------------------------------------------------------------

class Nn_Pool<string mnemonic> : Nn_Op<mnemonic> {
  let arguments = (ins Real:$x, RowsColumns:$kernel, RowsColumns:$stride, Sides:$pad);
  let results = (outs Real:$y);
  let assemblyFormat = "$x " # windowFormat # signatureFormat;
}
def Nn_MaxPool2dOp : Nn_Pool<"max_pool2d">;
def Nn_AvgPool2dOp : Nn_Pool<"avg_pool2d">;

def Nn_MaxPool2dGradOp : Nn_Op<"max_pool2d_grad"> {
  let arguments = (ins Real:$x, Real:$dy, RowsColumns:$kernel, RowsColumns:$stride, Sides:$pad);
  let results = (outs Real:$dx);
  let assemblyFormat = "$x `,` $dy " # windowFormat # signatureFormat;
  let hasVerifier = 1;
}

def Nn_AvgPool2dGradOp : Nn_Op<"avg_pool2d_grad"> {
  let arguments = (ins Real:$dy, Sizes:$shape, RowsColumns:$kernel, RowsColumns:$stride, Sides:$pad);
  let results = (outs Real:$dx);
  let assemblyFormat = "$dy `shape` $shape " # windowFormat # signatureFormat;
  let hasVerifier = 1;
}

// --- random ------------------------------------------------------------------------------------

def Nn_RandomUniformOp : Nn_Op<"random_uniform"> {
  let arguments = (ins Int:$key, Sizes:$shape, I64Attr:$stream,
                       TypeAttrOf<AnyTypeOf<[F32, F64]>>:$element);
  let results = (outs Real:$y);
  let assemblyFormat = "$key `shape` $shape `stream` $stream `element` $element " # signatureFormat;
}

// --- loops -------------------------------------------------------------------------------------

def Nn_LoopOp : Op<Nn_Dialect, "loop", [Pure, AttrSizedOperandSegments]> {
  let summary = "A block that runs a number of times and carries values from turn to turn";
  let description = [{
    The block's arguments are the carried values, which are `inits` in the first turn, and then of
    each of `slices` the part that belongs to the turn: element k of its first axis in turn k, or in
    turn count - 1 - k of a loop that runs `reversed`. The block also sees the values around the
    loop. It yields the next carried values, and then what is stacked. The loop's results are the
    carried values after the last turn, and then the stacked ones of all turns, along a new first
    axis, in the order of the slices.
  }];
  let arguments = (ins Variadic<AnyElement>:$inits, Variadic<AnyElement>:$slices, Count:$count,
                       UnitAttr:$reversed);
  let results = (outs Variadic<AnyElement>:$values);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count (`reversed` $reversed^)? `carry` `(` $inits `)` `slices` `(` $slices `)` $body
    attr-dict `:` functional-type(operands, results)
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getBlock() { return getBody().front(); }
    /// Parts of the block's arguments, of what it yields, and of the results.
    ::mlir::Block::BlockArgListType getCarriedArguments();
    ::mlir::Block::BlockArgListType getSliceArguments();
    ::mlir::OperandRange getNext();
    ::mlir::OperandRange getStackedOperands();
    ::mlir::ResultRange getFinal();
    ::mlir::ResultRange getStacked();
    /// What is the same in every turn and may stand before the loop, in order.
    ::llvm::SmallVector<::mlir::Operation *> getInvariants();
    /// What says in which turns something happens; null if it does in all.
    ::dlc::nn::GuardOp getGuard();
  }];
}

def Nn_GuardOp : Op<Nn_Dialect, "guard", [HasParent<"LoopOp">]> {
  let summary = "Ends a turn in which no element of the mask is true";
  let description = [{
    The carried values then stay, and what the turn stacks is 0. A block may have one. It is there
    for speed: the block's own operations see to it that a sample whose element is false keeps what
    is carried and stacks 0, or a value that nothing but such zeros is multiplied by.
  }];
  let arguments = (ins Bool:$mask);
  let assemblyFormat = "$mask attr-dict `:` type($mask)";
}

def Nn_YieldOp : Op<Nn_Dialect, "yield", [Pure, Terminator, HasParent<"LoopOp">]> {
  let summary = "What a turn of a loop gives";
  let arguments = (ins Variadic<AnyElement>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif
