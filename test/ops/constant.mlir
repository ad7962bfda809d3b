// RUN: dlc-test %s

// Numbers known to the compiler.

func.func @values() -> tensor<2x2xf64>
  attributes {test.expected = [dense<[[1.0, -2.5], [3.0, 1.0e-3]]> : tensor<2x2xf64>]} {
  %y = nn.constant dense<[[1.0, -2.5], [3.0, 1.0e-3]]> : tensor<2x2xf64>
  return %y : tensor<2x2xf64>
}

func.func @splat(%x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %c = nn.constant dense<0.75> : tensor<3x17xf64>
  %y = nn.mul %x, %c : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}
