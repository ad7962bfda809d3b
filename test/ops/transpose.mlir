// RUN: dlc-test %s

// Axis i of the result is axis permutation[i] of x.

func.func @values(%x: tensor<2x3x2xf64>) -> tensor<2x2x3xf64>
  attributes {
    test.inputs = [dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]> : tensor<2x3x2xf64>],
    test.expected = [dense<[[[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]], [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]]> : tensor<2x2x3xf64>]
  } {
  %y = nn.transpose %x permutation [2, 0, 1] : (tensor<2x3x2xf64>) -> tensor<2x2x3xf64>
  return %y : tensor<2x2x3xf64>
}

func.func @matrix(%x: tensor<17x3xf64>) -> tensor<3x17xf64> {
  %y = nn.transpose %x permutation [1, 0] : (tensor<17x3xf64>) -> tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @cycle(%x: tensor<3x7x5xf64>) -> tensor<5x3x7xf64> {
  %y = nn.transpose %x permutation [2, 0, 1] : (tensor<3x7x5xf64>) -> tensor<5x3x7xf64>
  return %y : tensor<5x3x7xf64>
}

func.func @inner(%x: tensor<2x3x1x7xf64>) -> tensor<2x1x7x3xf64> {
  %y = nn.transpose %x permutation [0, 2, 3, 1] : (tensor<2x3x1x7xf64>) -> tensor<2x1x7x3xf64>
  return %y : tensor<2x1x7x3xf64>
}

func.func @identity(%x: tensor<3x7xf64>) -> tensor<3x7xf64> {
  %y = nn.transpose %x permutation [0, 1] : (tensor<3x7xf64>) -> tensor<3x7xf64>
  return %y : tensor<3x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<129x257xf64>) -> tensor<257x129xf64> attributes {test.large} {
  %y = nn.transpose %x permutation [1, 0] : (tensor<129x257xf64>) -> tensor<257x129xf64>
  return %y : tensor<257x129xf64>
}

// Squares, and what is left of them on both sides.
func.func @squares(%x: tensor<67x45xf64>) -> tensor<45x67xf64> {
  %y = nn.transpose %x permutation [1, 0] : (tensor<67x45xf64>) -> tensor<45x67xf64>
  return %y : tensor<45x67xf64>
}

func.func @many_squares(%x: tensor<3x19x2x37xf64>) -> tensor<37x2x3x19xf64> {
  %y = nn.transpose %x permutation [3, 2, 0, 1] : (tensor<3x19x2x37xf64>) -> tensor<37x2x3x19xf64>
  return %y : tensor<37x2x3x19xf64>
}

// What is added lies as the result does.
func.func @squares_and_a_sum(%x: tensor<33x18xf64>, %b: tensor<18x33xf64>) -> tensor<18x33xf64> {
  %t = nn.transpose %x permutation [1, 0] : (tensor<33x18xf64>) -> tensor<18x33xf64>
  %y = nn.add %t, %b : tensor<18x33xf64>
  return %y : tensor<18x33xf64>
}
