// What every operation of the dialect must be able to do besides inferring its type.
#ifndef DLC_NN_INTERFACES_TD
#define DLC_NN_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::dlc::grad";
  let description = [{
    The chain rule for one operation. Every operation defines it, in compiler/grad/rules.cpp; one
    without a derivative says so there.
  }];
  let methods = [InterfaceMethod<[{
      The gradients of the operands, one each, given the gradients `dy` of the results; null is the
      gradient of a result that nothing asks for.
    }], "::dlc::grad::Gradients", "gradients",
    (ins "::dlc::grad::Formula &":$f, "::mlir::ValueRange":$dy)>];
}

#endif
