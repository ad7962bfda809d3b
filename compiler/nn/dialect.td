// The dialect `nn` itself: a network as pure functions of tensors with static shapes.
#ifndef DLC_NN_DIALECT_TD
#define DLC_NN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::dlc::nn";
  let summary = "Neural networks: whole-tensor operations without side effects";
  let description = [{
    The operations are the primitives of stdlib/ops.nn, under the same names and with the same
    configuration, `nn.constant`, and `nn.loop` with its `nn.yield` and
    `nn.guard`. Their result types follow from the signatures there. Nothing is broadcast silently, nothing is written in place, and no operation knows of gradients but by
    its rule (compiler/grad/rules.cpp).
  }];
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
}

#endif
