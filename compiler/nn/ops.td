// The operations of the dialect: those of stdlib/ops.nn, where they are described, and `constant`.
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
def Bool : StaticShapeTensorOf<[I1]>;
def AnyElement : StaticShapeTensorOf<[F32, F64, I32, I1]>;

class Numbers<list<AttrConstraint> constraints> : ConfinedAttr<DenseI64ArrayAttr, constraints>;
def Places : Numbers<[DenseArrayNonNegative<DenseI64ArrayAttr>]>;       // axes
def Sizes : Numbers<[DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;   // of axes
def RowsColumns : Numbers<[DenseArrayCount<2>, DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;
def Sides : Numbers<[DenseArrayCount<4>, DenseArrayNonNegative<DenseI64ArrayAttr>]>;
def Count : ConfinedAttr<I64Attr, [IntPositive]>;

// --- bases -------------------------------------------------------------------------------------

class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic,
         [Pure, DeclareOpInterfaceMethods<Differentiable>,
          DeclareOpInterfaceMethods<InferTypeOpInterface>] # traits> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes,
        ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return inferFromSignature<$cppClass>(context, location, operands, attributes, properties, types);
    }
  }];

  // Parts of assembly formats.
  string signatureFormat = "attr-dict `:` functional-type(operands, results)";
  string convolutionFormat = "`stride` $stride `pad` $pad `dilation` $dilation `groups` $groups ";
  string windowFormat = "`kernel` $kernel `stride` $stride `pad` $pad ";
}

class Nn_Elementwise<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, [Elementwise] # traits>;

class Nn_Unary<string mnemonic> : Nn_Elementwise<mnemonic> {
  let arguments = (ins Real:$x);
  let results = (outs Real:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Nn_Binary<string mnemonic, list<Trait> traits = []>
    : Nn_Elementwise<mnemonic, [AllTypesMatch<["a", "b"]>] # traits> {
  let arguments = (ins Real:$a, Real:$b);
  let results = (outs Real:$y);
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

def Nn_NegOp : Nn_Unary<"neg">;
def Nn_AbsOp : Nn_Unary<"abs">;
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

def Nn_AddOp : Nn_Binary<"add", [Commutative]>;
def Nn_SubOp : Nn_Binary<"sub">;
def Nn_MulOp : Nn_Binary<"mul", [Commutative]>;
def Nn_DivOp : Nn_Binary<"div">;
def Nn_PowOp : Nn_Binary<"pow">;
// Not commutative: where both are equal, the gradient goes to b.
def Nn_MaxOp : Nn_Binary<"max">;
def Nn_MinOp : Nn_Binary<"min">;

def Nn_LessOp : Nn_Comparison<"less", Real>;
def Nn_LessEqualOp : Nn_Comparison<"less_equal", Real>;
def Nn_SameOp : Nn_Comparison<"same", Int>;

def Nn_SelectOp : Nn_Elementwise<"select", [AllTypesMatch<["a", "b"]>]> {
  let arguments = (ins Bool:$condition, Real:$a, Real:$b);
  let results = (outs Real:$y);
  let assemblyFormat = "$condition `,` $a `,` $b attr-dict `:` type($condition) `,` type($a)";
}

def Nn_CastOp : Nn_Elementwise<"cast"> {
  let arguments = (ins Real:$x, TypeAttrOf<AnyTypeOf<[F32, F64]>>:$to);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `to` $to attr-dict `:` type($x)";
}

// --- shape -------------------------------------------------------------------------------------

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let arguments = (ins Real:$x, Sizes:$shape);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `shape` $shape " # signatureFormat;
}

def Nn_TransposeOp : Nn_Op<"transpose"> {
  let arguments = (ins Real:$x, Places:$permutation);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `permutation` $permutation " # signatureFormat;
}

def Nn_FlipOp : Nn_Op<"flip"> {
  let arguments = (ins Real:$x, Places:$axes);
  let results = (outs Real:$y);
  let assemblyFormat = "$x `axes` $axes " # signatureFormat;
}

def Nn_BroadcastOp : Nn_Op<"broadcast"> {
  let arguments = (ins AnyElement:$x, Places:$axes, Sizes:$sizes);
  let results = (outs AnyElement:$y);
  let assemblyFormat = "$x `axes` $axes `sizes` $sizes " # signatureFormat;
}

// --- reduction ---------------------------------------------------------------------------------

class Nn_Reduction<string mnemonic> : Nn_Op<mnemonic> {
  let arguments = (ins Real:$x, Places:$axes);
  let results = (outs Real:$y);
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

#endif
