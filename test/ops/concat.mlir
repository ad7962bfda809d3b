// RUN: dlc-test %s

// Tensors one after the other along an axis. Its gradient is a split.

func.func @values(%a: tensor<2x2xf64>, %b: tensor<2x1xf64>, %c: tensor<2x1xf64>) -> tensor<2x4xf64>
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [4.0, 5.0]]> : tensor<2x2xf64>, dense<[[7.0], [8.0]]> : tensor<2x1xf64>,
                   dense<[[3.0], [6.0]]> : tensor<2x1xf64>],
    test.expected = [dense<[[1.0, 2.0, 7.0, 3.0], [4.0, 5.0, 8.0, 6.0]]> : tensor<2x4xf64>]
  } {
  %y = nn.concat %a, %b, %c axis 1 : (tensor<2x2xf64>, tensor<2x1xf64>, tensor<2x1xf64>) -> tensor<2x4xf64>
  return %y : tensor<2x4xf64>
}

func.func @first_axis(%a: tensor<3x7xf64>, %b: tensor<1x7xf64>) -> tensor<4x7xf64> {
  %y = nn.concat %a, %b axis 0 : (tensor<3x7xf64>, tensor<1x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}

// One operand; the same one twice.
func.func @one(%a: tensor<3xf64>) -> tensor<3xf64> {
  %y = nn.concat %a axis 0 : (tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func @twice(%a: tensor<3x5xf64>) -> tensor<3x10xf64> {
  %e = nn.exp %a : tensor<3x5xf64>
  %y = nn.concat %e, %e axis 1 : (tensor<3x5xf64>, tensor<3x5xf64>) -> tensor<3x10xf64>
  return %y : tensor<3x10xf64>
}

// What makes the parts, and what goes on from the whole and from a part.
func.func @between(%a: tensor<5x17xf64>, %w: tensor<17x3xf64>, %b: tensor<5x1xf64>, %v: tensor<4x6xf64>)
    -> (tensor<5x6xf64>, tensor<5x3xf64>) {
  %p = nn.matmul %a, %w : (tensor<5x17xf64>, tensor<17x3xf64>) -> tensor<5x3xf64>
  %t = nn.tanh %p : tensor<5x3xf64>
  %s = nn.sin %b : tensor<5x1xf64>
  %whole = nn.concat %t, %s axis 1 : (tensor<5x3xf64>, tensor<5x1xf64>) -> tensor<5x4xf64>
  %y = nn.matmul %whole, %v : (tensor<5x4xf64>, tensor<4x6xf64>) -> tensor<5x6xf64>
  %z = nn.mul %t, %t : tensor<5x3xf64>
  return %y, %z : tensor<5x6xf64>, tensor<5x3xf64>
}

func.func @middle_axis(%a: tensor<2x3x5xf64>, %b: tensor<2x1x5xf64>, %c: tensor<2x4x5xf64>) -> tensor<2x40xf64> {
  %n = nn.neg %b : tensor<2x1x5xf64>
  %y = nn.concat %a, %n, %c axis 1
    : (tensor<2x3x5xf64>, tensor<2x1x5xf64>, tensor<2x4x5xf64>) -> tensor<2x8x5xf64>
  %f = nn.reshape %y shape [2, 40] : (tensor<2x8x5xf64>) -> tensor<2x40xf64>
  return %f : tensor<2x40xf64>
}

// Branches of convolutions: images with the channels last, and of few channels.
func.func @branches(%x: tensor<2x16x5x5xf64>, %w1: tensor<16x16x1x1xf64>, %w3: tensor<32x16x3x3xf64>, %v: tensor<16x48x1x1xf64>)
    -> tensor<2x16x5x5xf64> {
  %a = nn.conv2d %x, %w1 stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
    : (tensor<2x16x5x5xf64>, tensor<16x16x1x1xf64>) -> tensor<2x16x5x5xf64>
  %b = nn.conv2d %x, %w3 stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
    : (tensor<2x16x5x5xf64>, tensor<32x16x3x3xf64>) -> tensor<2x32x5x5xf64>
  %y = nn.concat %a, %b axis 1 : (tensor<2x16x5x5xf64>, tensor<2x32x5x5xf64>) -> tensor<2x48x5x5xf64>
  %t = nn.tanh %y : tensor<2x48x5x5xf64>
  %z = nn.conv2d %t, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
    : (tensor<2x48x5x5xf64>, tensor<16x48x1x1xf64>) -> tensor<2x16x5x5xf64>
  return %z : tensor<2x16x5x5xf64>
}

func.func @few_channels(%x: tensor<16x3x5x5xf64>, %w1: tensor<2x3x1x1xf64>, %w3: tensor<4x3x3x3xf64>) -> tensor<16x6x5x5xf64> {
  %a = nn.conv2d %x, %w1 stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
    : (tensor<16x3x5x5xf64>, tensor<2x3x1x1xf64>) -> tensor<16x2x5x5xf64>
  %b = nn.conv2d %x, %w3 stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
    : (tensor<16x3x5x5xf64>, tensor<4x3x3x3xf64>) -> tensor<16x4x5x5xf64>
  %y = nn.concat %a, %b axis 1 : (tensor<16x2x5x5xf64>, tensor<16x4x5x5xf64>) -> tensor<16x6x5x5xf64>
  %t = nn.tanh %y : tensor<16x6x5x5xf64>
  return %t : tensor<16x6x5x5xf64>
}

func.func @integers(%a: tensor<3xi32> {test.below = 4 : i64}, %b: tensor<2xi32> {test.below = 4 : i64}) -> tensor<5x4xf64> {
  %y = nn.concat %a, %b axis 0 : (tensor<3xi32>, tensor<2xi32>) -> tensor<5xi32>
  %h = nn.one_hot %y classes 4 element f64 : (tensor<5xi32>) -> tensor<5x4xf64>
  return %h : tensor<5x4xf64>
}
