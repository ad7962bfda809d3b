// RUN: not dlc-test %s 2>&1 | FileCheck %s

// CHECK: error: values: result 0 at [1] is 4, expected 5
func.func @values(%x: tensor<2xf64>) -> tensor<2xf64>
  attributes {
    test.inputs = [dense<[1.0, 2.0]> : tensor<2xf64>],
    test.expected = [dense<[1.0, 5.0]> : tensor<2xf64>]
  } {
  %y = nn.mul %x, %x : tensor<2xf64>
  return %y : tensor<2xf64>
}
