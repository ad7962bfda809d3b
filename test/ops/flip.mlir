// RUN: dlc-test %s

// The order along some axes reversed.

func.func @values(%x: tensor<2x3x2xf64>) -> tensor<2x3x2xf64>
  attributes {
    test.inputs = [dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]> : tensor<2x3x2xf64>],
    test.expected = [dense<[[[6.0, 5.0], [4.0, 3.0], [2.0, 1.0]], [[12.0, 11.0], [10.0, 9.0], [8.0, 7.0]]]> : tensor<2x3x2xf64>]
  } {
  %y = nn.flip %x axes [1, 2] : (tensor<2x3x2xf64>) -> tensor<2x3x2xf64>
  return %y : tensor<2x3x2xf64>
}

func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  %y = nn.flip %x axes [0] : (tensor<1xf64>) -> tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @vector(%x: tensor<17xf64>) -> tensor<17xf64> {
  %y = nn.flip %x axes [0] : (tensor<17xf64>) -> tensor<17xf64>
  return %y : tensor<17xf64>
}

func.func @rows(%x: tensor<7x17xf64>) -> tensor<7x17xf64> {
  %y = nn.flip %x axes [0] : (tensor<7x17xf64>) -> tensor<7x17xf64>
  return %y : tensor<7x17xf64>
}

func.func @columns(%x: tensor<3x33xf64>) -> tensor<3x33xf64> {
  %y = nn.flip %x axes [1] : (tensor<3x33xf64>) -> tensor<3x33xf64>
  return %y : tensor<3x33xf64>
}

func.func @both(%x: tensor<7x15xf64>) -> tensor<7x15xf64> {
  %y = nn.flip %x axes [0, 1] : (tensor<7x15xf64>) -> tensor<7x15xf64>
  return %y : tensor<7x15xf64>
}

func.func @inner(%x: tensor<3x1x7x5xf64>) -> tensor<3x1x7x5xf64> {
  %y = nn.flip %x axes [1, 2] : (tensor<3x1x7x5xf64>) -> tensor<3x1x7x5xf64>
  return %y : tensor<3x1x7x5xf64>
}

func.func @none(%x: tensor<3x7xf64>) -> tensor<3x7xf64> {
  %y = nn.flip %x axes [] : (tensor<3x7xf64>) -> tensor<3x7xf64>
  return %y : tensor<3x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<129x257xf64>) -> tensor<129x257xf64> attributes {test.large} {
  %y = nn.flip %x axes [1] : (tensor<129x257xf64>) -> tensor<129x257xf64>
  return %y : tensor<129x257xf64>
}

// Read backward by what is computed from it, and added to what is read forward.
func.func @palindrome(%x: tensor<5x19xf64>) -> tensor<5x19xf64> {
  %y = nn.flip %x axes [1] : (tensor<5x19xf64>) -> tensor<5x19xf64>
  %t = nn.tanh %y : tensor<5x19xf64>
  %z = nn.mul %t, %x : tensor<5x19xf64>
  return %z : tensor<5x19xf64>
}

func.func @turned(%x: tensor<18x33xf64>) -> tensor<33x18xf64> {
  %y = nn.flip %x axes [0] : (tensor<18x33xf64>) -> tensor<18x33xf64>
  %t = nn.transpose %y permutation [1, 0] : (tensor<18x33xf64>) -> tensor<33x18xf64>
  return %t : tensor<33x18xf64>
}

// A nest has to tell the size of a dimension that it only reads backward.
func.func @summed(%x: tensor<7x33xf64>) -> tensor<7xf64> {
  %s = nn.sin %x : tensor<7x33xf64>
  %y = nn.flip %s axes [0, 1] : (tensor<7x33xf64>) -> tensor<7x33xf64>
  %p = nn.mul %y, %x : tensor<7x33xf64>
  %z = nn.reduce_sum %p axes [1] : (tensor<7x33xf64>) -> tensor<7xf64>
  return %z : tensor<7xf64>
}

// Sums of products of what lies backward, along either dimension of either operand.
func.func @product(%a: tensor<7x17xf64>, %b: tensor<17x19xf64>) -> tensor<7x19xf64> {
  %x = nn.flip %a axes [1] : (tensor<7x17xf64>) -> tensor<7x17xf64>
  %w = nn.flip %b axes [1] : (tensor<17x19xf64>) -> tensor<17x19xf64>
  %y = nn.matmul %x, %w : (tensor<7x17xf64>, tensor<17x19xf64>) -> tensor<7x19xf64>
  return %y : tensor<7x19xf64>
}

func.func @product_and_epilogue(%a: tensor<16x17xf64>, %b: tensor<17x33xf64>, %c: tensor<16x33xf64>) -> tensor<16x33xf64> {
  %y = nn.matmul %a, %b : (tensor<16x17xf64>, tensor<17x33xf64>) -> tensor<16x33xf64>
  %d = nn.flip %c axes [1] : (tensor<16x33xf64>) -> tensor<16x33xf64>
  %z = nn.add %y, %d : tensor<16x33xf64>
  return %z : tensor<16x33xf64>
}

// Images and filters: a filter reversed, without padding and with it.
func.func @convolution(%x: tensor<2x3x7x9xf64>, %w: tensor<4x3x3x3xf64>) -> tensor<2x4x5x7xf64> {
  %u = nn.flip %x axes [3] : (tensor<2x3x7x9xf64>) -> tensor<2x3x7x9xf64>
  %v = nn.flip %w axes [2, 3] : (tensor<4x3x3x3xf64>) -> tensor<4x3x3x3xf64>
  %y = nn.conv2d %u, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x3x7x9xf64>, tensor<4x3x3x3xf64>) -> tensor<2x4x5x7xf64>
  return %y : tensor<2x4x5x7xf64>
}

func.func @padded_convolution(%x: tensor<1x16x7x6xf64>, %w: tensor<16x16x3x3xf64>) -> tensor<1x16x7x6xf64> {
  %u = nn.flip %x axes [1, 3] : (tensor<1x16x7x6xf64>) -> tensor<1x16x7x6xf64>
  %v = nn.flip %w axes [0, 1] : (tensor<16x16x3x3xf64>) -> tensor<16x16x3x3xf64>
  %y = nn.conv2d %u, %v stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x16x7x6xf64>, tensor<16x16x3x3xf64>) -> tensor<1x16x7x6xf64>
  %z = nn.flip %y axes [2] : (tensor<1x16x7x6xf64>) -> tensor<1x16x7x6xf64>
  return %z : tensor<1x16x7x6xf64>
}

// Images with the batch in the lanes, turned along it and otherwise.
func.func @lanes(%x: tensor<16x2x6x6xf64>, %w: tensor<3x2x3x3xf64>, %v: tensor<2x3x3x3xf64>) -> tensor<16x2x2x2xf64> {
  %u = nn.flip %x axes [0, 3] : (tensor<16x2x6x6xf64>) -> tensor<16x2x6x6xf64>
  %y = nn.conv2d %u, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x2x6x6xf64>, tensor<3x2x3x3xf64>) -> tensor<16x3x4x4xf64>
  %t = nn.tanh %y : tensor<16x3x4x4xf64>
  %z = nn.conv2d %t, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x3x4x4xf64>, tensor<2x3x3x3xf64>) -> tensor<16x2x2x2xf64>
  return %z : tensor<16x2x2x2xf64>
}

func.func @between_lanes(%x: tensor<16x2x6x6xf64>, %w: tensor<3x2x3x3xf64>, %v: tensor<2x3x3x3xf64>) -> tensor<16x2x2x2xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x2x6x6xf64>, tensor<3x2x3x3xf64>) -> tensor<16x3x4x4xf64>
  %t = nn.flip %y axes [1, 2] : (tensor<16x3x4x4xf64>) -> tensor<16x3x4x4xf64>
  %z = nn.conv2d %t, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x3x4x4xf64>, tensor<2x3x3x3xf64>) -> tensor<16x2x2x2xf64>
  return %z : tensor<16x2x2x2xf64>
}
