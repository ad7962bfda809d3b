// RUN: not dlc-test %s 2>&1 | FileCheck %s

// Where the function is not smooth within a step, differences prove nothing: the tester says so.

// CHECK: error: gradient of argument 0 (operand 0 of nn.abs): {{[0-9]+}} of 7 elements are at a kink: choose another test.range
func.func @steep(%x: tensor<7xf64> {test.range = [-1.0e-4, 1.0e-4]}) -> tensor<7xf64> {
  %y = nn.abs %x : tensor<7xf64>
  return %y : tensor<7xf64>
}
