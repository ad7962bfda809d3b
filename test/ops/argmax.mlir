// RUN: dlc-test %s

// The position of the first largest element along the last axis. It has no gradient.

func.func @values(%x: tensor<3x3xf64>) -> tensor<3xi32>
  attributes {
    test.inputs = [dense<[[1.0, 3.0, 3.0], [5.0, -1.0, 2.0], [-3.0, -2.0, -1.0]]> : tensor<3x3xf64>],
    test.expected = [dense<[1, 0, 2]> : tensor<3xi32>]
  } {
  %y = nn.argmax %x : (tensor<3x3xf64>) -> tensor<3xi32>
  return %y : tensor<3xi32>
}

func.func @one_class(%x: tensor<1x1xf64>) -> tensor<1xi32>
  attributes {
    test.inputs = [dense<[[-4.0]]> : tensor<1x1xf64>],
    test.expected = [dense<[0]> : tensor<1xi32>]
  } {
  %y = nn.argmax %x : (tensor<1x1xf64>) -> tensor<1xi32>
  return %y : tensor<1xi32>
}

func.func @chosen(%x: tensor<7x3x17xf64> {test.zero_gradient}, %c: tensor<7x3x17xf64>) -> tensor<7x3x17xf64> {
  %place = nn.argmax %x : (tensor<7x3x17xf64>) -> tensor<7x3xi32>
  %mask = nn.one_hot %place classes 17 element f64 : (tensor<7x3xi32>) -> tensor<7x3x17xf64>
  %y = nn.mul %mask, %c : tensor<7x3x17xf64>
  return %y : tensor<7x3x17xf64>
}
