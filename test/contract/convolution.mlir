// RUN: dlc-opt %s -split-input-file -dlc-linalg | FileCheck %s

// What a convolution's loops are stays true, whatever passes do to them.

// Channels last: the loops are in the order of the result.

// CHECK-LABEL: func.func @channels_last
// CHECK:         #dlc.convolution<image, [n, h, w, k, c, r, s]>
func.func @channels_last(%i: tensor<8x32x16x16xf32>, %w: tensor<32x32x3x3xf32>) -> tensor<8x32x16x16xf32> {
  %x = nn.neg %i : tensor<8x32x16x16xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf32>, tensor<32x32x3x3xf32>) -> tensor<8x32x16x16xf32>
  %z = nn.neg %y : tensor<8x32x16x16xf32>
  return %z : tensor<8x32x16x16xf32>
}

// -----

// The batch in the lanes: one loop more.

// CHECK-LABEL: func.func @lanes
// CHECK:         #dlc.convolution<image, [n, k, h, w, lane, c, r, s]>
func.func @lanes(%i: tensor<32x6x14x14xf32>, %w: tensor<16x6x5x5xf32>) -> tensor<32x16x10x10xf32> {
  %x = nn.neg %i : tensor<32x6x14x14xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x6x14x14xf32>, tensor<16x6x5x5xf32>) -> tensor<32x16x10x10xf32>
  %z = nn.neg %y : tensor<32x16x10x10xf32>
  return %z : tensor<32x16x10x10xf32>
}

// -----

// A gradient of weights in parts.

// CHECK-LABEL: func.func @parts
// CHECK:         #dlc.convolution<filter, [part, r, s, c, k, n, h, w]>
func.func @parts(%i: tensor<128x16x32x32xf32>, %j: tensor<128x16x32x32xf32>) -> tensor<16x16x3x3xf32> {
  %x = nn.neg %i : tensor<128x16x32x32xf32>
  %dy = nn.neg %j : tensor<128x16x32x32xf32>
  %dw = nn.conv2d_grad_weight %x, %dy shape [16, 16, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<128x16x32x32xf32>, tensor<128x16x32x32xf32>) -> tensor<16x16x3x3xf32>
  return %dw : tensor<16x16x3x3xf32>
}

// -----

// Groups are a loop of their own.

// CHECK-LABEL: func.func @groups
// CHECK:         #dlc.convolution<image, [n, g, k, h, w, c, r, s]>
func.func @groups(%x: tensor<2x6x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 2
      : (tensor<2x6x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
  return %y : tensor<2x4x6x6xf32>
}

// -----

// A transposition goes into the convolution, which is one still: its loops walk the image's axes in
// another order.

// CHECK-LABEL: func.func @transposed
// CHECK-NOT:     linalg.yield %in :
// CHECK:         #dlc.convolution<image, [n, k, h, w, c, r, s]>
func.func @transposed(%i: tensor<2x8x8x3xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32> {
  %x = nn.transpose %i permutation [0, 3, 1, 2] : (tensor<2x8x8x3xf32>) -> tensor<2x3x8x8xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
  return %y : tensor<2x4x6x6xf32>
}

// -----

// The image is the same for all channels of another: no loop of it goes along them, and the fact is
// dropped.

// CHECK-LABEL: func.func @broadcast
// CHECK-NOT:     dlc.convolution
// CHECK:         return
func.func @broadcast(%i: tensor<2x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32> {
  %x = nn.broadcast %i axes [1] sizes [3] : (tensor<2x8x8xf32>) -> tensor<2x3x8x8xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
  return %y : tensor<2x4x6x6xf32>
}
