// RUN: dlc-test %s
// RUN: dlc-opt %s -dlc-linalg | FileCheck %s
// RUN: dlc-opt %s -dlc-linalg -dlc-bufferize | FileCheck %s --check-prefix=BUFFERS

// The derivative of avg_pool2d. The expected values are PyTorch's.

func.func @values(%dy: tensor<1x1x3x3xf64>) -> tensor<1x1x4x5xf64>
  attributes {
    test.inputs = [dense<[[[[1.75, -1.5, -0.25], [0.0, -1.25, 0.5], [-0.25, -0.5, 0.5]]]]> : tensor<1x1x3x3xf64>],
    test.expected = [dense<[[[[0.2916666666666667, 0.041666666666666685, -0.25, -0.2916666666666667, -0.041666666666666664], [0.0, -0.20833333333333334, -0.20833333333333334, -0.125, 0.08333333333333333], [0.0, -0.20833333333333334, -0.20833333333333334, -0.125, 0.08333333333333333], [-0.041666666666666664, -0.125, -0.08333333333333333, 0.0, 0.08333333333333333]]]]> : tensor<1x1x4x5xf64>]
  } {
  %y = nn.avg_pool2d_grad %dy shape [1, 1, 4, 5] kernel [2, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<1x1x3x3xf64>) -> tensor<1x1x4x5xf64>
  return %y : tensor<1x1x4x5xf64>
}

func.func @halves(%dy: tensor<1x2x2x3xf64>) -> tensor<1x2x4x6xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 2, 4, 6] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x2x2x3xf64>) -> tensor<1x2x4x6xf64>
  return %y : tensor<1x2x4x6xf64>
}

func.func @overlapping(%dy: tensor<2x1x3x4xf64>) -> tensor<2x1x7x5xf64> {
  %y = nn.avg_pool2d_grad %dy shape [2, 1, 7, 5] kernel [3, 2] stride [2, 1] pad [0, 0, 0, 0]
      : (tensor<2x1x3x4xf64>) -> tensor<2x1x7x5xf64>
  return %y : tensor<2x1x7x5xf64>
}

func.func @padded(%dy: tensor<1x3x3x4xf64>) -> tensor<1x3x5x7xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 3, 5, 7] kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<1x3x3x4xf64>) -> tensor<1x3x5x7xf64>
  return %y : tensor<1x3x5x7xf64>
}

func.func @with_gaps(%dy: tensor<1x1x2x4xf64>) -> tensor<1x1x7x8xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 1, 7, 8] kernel [2, 1] stride [3, 2] pad [0, 0, 0, 0]
      : (tensor<1x1x2x4xf64>) -> tensor<1x1x7x8xf64>
  return %y : tensor<1x1x7x8xf64>
}

func.func @whole_image(%dy: tensor<3x1x1x1xf64>) -> tensor<3x1x3x7xf64> {
  %y = nn.avg_pool2d_grad %dy shape [3, 1, 3, 7] kernel [3, 7] stride [1, 1] pad [0, 0, 0, 0]
      : (tensor<3x1x1x1xf64>) -> tensor<3x1x3x7xf64>
  return %y : tensor<3x1x3x7xf64>
}

func.func @uneven_padding(%dy: tensor<1x1x4x2xf64>) -> tensor<1x1x4x4xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 1, 4, 4] kernel [3, 3] stride [1, 2] pad [0, 1, 2, 1]
      : (tensor<1x1x4x2xf64>) -> tensor<1x1x4x4xf64>
  return %y : tensor<1x1x4x4xf64>
}

func.func @single(%dy: tensor<1x1x1x1xf64>) -> tensor<1x1x1x1xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 1, 1, 1] kernel [1, 1] stride [1, 1] pad [0, 0, 0, 0]
      : (tensor<1x1x1x1xf64>) -> tensor<1x1x1x1xf64>
  return %y : tensor<1x1x1x1xf64>
}

func.func @many_channels(%dy: tensor<1x17x2x2xf64>) -> tensor<1x17x4x4xf64> {
  %y = nn.avg_pool2d_grad %dy shape [1, 17, 4, 4] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x17x2x2xf64>) -> tensor<1x17x4x4xf64>
  return %y : tensor<1x17x4x4xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%dy: tensor<3x17x16x15xf64>) -> tensor<3x17x33x31xf64> attributes {test.large} {
  %y = nn.avg_pool2d_grad %dy shape [3, 17, 33, 31] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<3x17x16x15xf64>) -> tensor<3x17x33x31xf64>
  return %y : tensor<3x17x33x31xf64>
}

// What goes on from the gradient of a pool is done in the same nest, across the reshape between them.
// CHECK-LABEL: func.func @goes_on(
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @goes_on(%dy: tensor<2x3x4x5xf64>, %y: tensor<2x3x8x10xf64>) -> tensor<2x3x8x10xf64> {
  %dx = nn.avg_pool2d_grad %dy shape [2, 3, 8, 10] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<2x3x4x5xf64>) -> tensor<2x3x8x10xf64>
  %z = nn.mul %dx, %y : tensor<2x3x8x10xf64>
  return %z : tensor<2x3x8x10xf64>
}

// And it is written between the zeros that a convolution wants around it.
// CHECK-LABEL: func.func @into_padding(
// CHECK:         arith.mulf
// CHECK:         tensor.insert_slice
// BUFFERS-LABEL: func.func @into_padding(
// BUFFERS:         memref.expand_shape
// BUFFERS:         arith.mulf
// BUFFERS-NEXT:    arith.mulf
func.func @into_padding(%dy: tensor<2x3x4x5xf64>, %y: tensor<2x3x8x10xf64>, %w: tensor<3x2x3x3xf64>) -> tensor<2x2x10x12xf64> {
  %dx = nn.avg_pool2d_grad %dy shape [2, 3, 8, 10] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<2x3x4x5xf64>) -> tensor<2x3x8x10xf64>
  %z = nn.mul %dx, %y : tensor<2x3x8x10xf64>
  %dz = nn.conv2d_grad_input %z, %w shape [2, 2, 10, 12] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x3x8x10xf64>, tensor<3x2x3x3xf64>) -> tensor<2x2x10x12xf64>
  return %dz : tensor<2x2x10x12xf64>
}
