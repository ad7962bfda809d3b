// RUN: dlc-test %s

// New axes, along which the numbers are repeated.

func.func @values(%x: tensor<3xf64>) -> tensor<2x3x2xf64>
  attributes {
    test.inputs = [dense<[1.0, 2.0, 3.0]> : tensor<3xf64>],
    test.expected = [dense<[[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]]> : tensor<2x3x2xf64>]
  } {
  %y = nn.broadcast %x axes [0, 2] sizes [2, 2] : (tensor<3xf64>) -> tensor<2x3x2xf64>
  return %y : tensor<2x3x2xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<3x17xf64> {
  %y = nn.broadcast %x axes [0, 1] sizes [3, 17] : (tensor<f64>) -> tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @rows(%x: tensor<17xf64>) -> tensor<3x17xf64> {
  %y = nn.broadcast %x axes [0] sizes [3] : (tensor<17xf64>) -> tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @columns(%x: tensor<17xf64>) -> tensor<17x7xf64> {
  %y = nn.broadcast %x axes [1] sizes [7] : (tensor<17xf64>) -> tensor<17x7xf64>
  return %y : tensor<17x7xf64>
}

func.func @image(%x: tensor<3xf64>) -> tensor<2x3x7x5xf64> {
  %y = nn.broadcast %x axes [0, 2, 3] sizes [2, 7, 5] : (tensor<3xf64>) -> tensor<2x3x7x5xf64>
  return %y : tensor<2x3x7x5xf64>
}

func.func @one(%x: tensor<7xf64>) -> tensor<1x7xf64> {
  %y = nn.broadcast %x axes [0] sizes [1] : (tensor<7xf64>) -> tensor<1x7xf64>
  return %y : tensor<1x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<33xf64>) -> tensor<5x33x7x31xf64> attributes {test.large} {
  %y = nn.broadcast %x axes [0, 2, 3] sizes [5, 7, 31] : (tensor<33xf64>) -> tensor<5x33x7x31xf64>
  return %y : tensor<5x33x7x31xf64>
}
