// RUN: dlc-test %s
// RUN: sed 's/xf64/xf32/g' %s | dlc-opt -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=32 | FileCheck %s
// CHECK-COUNT-10: dlc.schedule = "winograd

// Convolutions by 3x3 and 5x5 taps between other operations, where images lie with the channels last: they
// are computed by tiles of 2x2 results (compiler/kernel/winograd/winograd.h). Odd sizes end in half a tile.

func.func @even(%x0: tensor<8x16x16x12xf64>, %w: tensor<32x16x3x3xf64>) -> tensor<8x32x16x12xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<8x16x16x12xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x16x16x12xf64>, tensor<32x16x3x3xf64>) -> tensor<8x32x16x12xf64>
  %z = nn.neg %y : tensor<8x32x16x12xf64>
  return %z : tensor<8x32x16x12xf64>
}

// Channels that fill no whole vectors; no padding.
func.func @odd(%x0: tensor<8x36x19x15xf64>, %w: tensor<40x36x3x3xf64>) -> tensor<8x40x17x13xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<8x36x19x15xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<8x36x19x15xf64>, tensor<40x36x3x3xf64>) -> tensor<8x40x17x13xf64>
  %z = nn.neg %y : tensor<8x40x17x13xf64>
  return %z : tensor<8x40x17x13xf64>
}

// One image, with an even number of rows, an odd one of columns, and more padding on one side.
func.func @one_image(%x0: tensor<1x64x32x43xf64>, %w: tensor<40x64x3x3xf64>) -> tensor<1x40x32x43xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<1x64x32x43xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 2, 1, 0] dilation [1, 1] groups 1
      : (tensor<1x64x32x43xf64>, tensor<40x64x3x3xf64>) -> tensor<1x40x32x43xf64>
  %z = nn.neg %y : tensor<1x40x32x43xf64>
  return %z : tensor<1x40x32x43xf64>
}

// So large that the sum over the channels is made in steps: an item has all tiles of an odd image.
func.func @steps(%x0: tensor<4x160x31x31xf64>, %w: tensor<24x160x3x3xf64>) -> tensor<4x24x31x31xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<4x160x31x31xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<4x160x31x31xf64>, tensor<24x160x3x3xf64>) -> tensor<4x24x31x31xf64>
  %z = nn.neg %y : tensor<4x24x31x31xf64>
  return %z : tensor<4x24x31x31xf64>
}

func.func @to_data(%dy0: tensor<8x32x14x13xf64>, %w: tensor<32x16x3x3xf64>) -> tensor<8x16x14x13xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<8x32x14x13xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [8, 16, 14, 13] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x14x13xf64>, tensor<32x16x3x3xf64>) -> tensor<8x16x14x13xf64>
  %z = nn.neg %dx : tensor<8x16x14x13xf64>
  return %z : tensor<8x16x14x13xf64>
}

func.func @to_weights(%x0: tensor<9x32x16x13xf64>, %dy0: tensor<9x48x16x13xf64>) -> tensor<48x32x3x3xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<9x32x16x13xf64>
  %dy = nn.neg %dy0 : tensor<9x48x16x13xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [48, 32, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<9x32x16x13xf64>, tensor<9x48x16x13xf64>) -> tensor<48x32x3x3xf64>
  return %dw : tensor<48x32x3x3xf64>
}

// A sum over so many pixels that it is made in parts.
func.func @in_parts(%x0: tensor<16x16x32x32xf64>, %dy0: tensor<16x16x32x32xf64>) -> tensor<16x16x3x3xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<16x16x32x32xf64>
  %dy = nn.neg %dy0 : tensor<16x16x32x32xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [16, 16, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x16x32x32xf64>, tensor<16x16x32x32xf64>) -> tensor<16x16x3x3xf64>
  return %dw : tensor<16x16x3x3xf64>
}

// 5x5 taps.
func.func @taps5(%x0: tensor<4x16x12x14xf64>, %w: tensor<40x16x5x5xf64>) -> tensor<4x40x12x14xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<4x16x12x14xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<4x16x12x14xf64>, tensor<40x16x5x5xf64>) -> tensor<4x40x12x14xf64>
  %z = nn.neg %y : tensor<4x40x12x14xf64>
  return %z : tensor<4x40x12x14xf64>
}

func.func @taps5_to_data(%dy0: tensor<4x32x13x13xf64>, %w: tensor<32x16x5x5xf64>) -> tensor<4x16x13x13xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<4x32x13x13xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [4, 16, 13, 13] stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<4x32x13x13xf64>, tensor<32x16x5x5xf64>) -> tensor<4x16x13x13xf64>
  %z = nn.neg %dx : tensor<4x16x13x13xf64>
  return %z : tensor<4x16x13x13xf64>
}

func.func @taps5_to_weights(%x0: tensor<12x32x15x14xf64>, %dy0: tensor<12x48x13x12xf64>) -> tensor<48x32x5x5xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<12x32x15x14xf64>
  %dy = nn.neg %dy0 : tensor<12x48x13x12xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [48, 32, 5, 5] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<12x32x15x14xf64>, tensor<12x48x13x12xf64>) -> tensor<48x32x5x5xf64>
  return %dw : tensor<48x32x5x5xf64>
}
