// RUN: not dlc-test %s 2>&1 | FileCheck %s

// A gradient of zeros agrees with the differences of a constant, and proves nothing unless the test
// says that it is right.

// CHECK: error: gradient of argument 0 (operand 0 of nn.sign): is all zero; if that is right, say test.zero_gradient
// CHECK: FAILED @unsaid
func.func @unsaid(%x: tensor<3xf64>) -> tensor<3xf64> {
  %y = nn.sign %x : tensor<3xf64>
  return %y : tensor<3xf64>
}

// CHECK: error: gradient of argument 0 (operand 0 of nn.exp): is not zero, as test.zero_gradient says
// CHECK: FAILED @untrue
func.func @untrue(%x: tensor<3xf64> {test.zero_gradient}) -> tensor<3xf64> {
  %y = nn.exp %x : tensor<3xf64>
  return %y : tensor<3xf64>
}

// CHECK: error: gradient of argument 0 (operand 0 of nn.exp): is not refused, as test.refused_gradient says
// CHECK: FAILED @unrefused
func.func @unrefused(%x: tensor<3xf64> {test.refused_gradient}) -> tensor<3xf64> {
  %y = nn.exp %x : tensor<3xf64>
  return %y : tensor<3xf64>
}
