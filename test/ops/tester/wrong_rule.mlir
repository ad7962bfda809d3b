// RUN: not dlc-test %s 2>&1 | FileCheck %s

// The tester finds a wrong gradient. stop_gradient makes the rules wrong on purpose: by them the
// derivative of x * x is x.

// CHECK: wrong_rule.mlir:[[# @LINE + 2]]:1: error: gradient of argument 0 (operand {{.*}} of nn.mul{{.*}}): at [0] the rule gives {{[-0-9.]+}} and differences give
// CHECK: FAILED @square: gradient
func.func @square(%x: tensor<3xf64>) -> tensor<3xf64> {
  %c = nn.stop_gradient %x : tensor<3xf64>
  %y = nn.mul %c, %x : tensor<3xf64>
  return %y : tensor<3xf64>
}
