// RUN: dlc-test %s

// The derivative of conv2d by its weights. The expected values are PyTorch's.

func.func @values(%x: tensor<1x2x3x3xf64>, %dy: tensor<1x2x4x2xf64>) -> tensor<2x2x2x2xf64>
  attributes {
    test.inputs = [dense<[[[[2.0, 2.0, -1.25], [-1.0, -1.0, -0.75], [-1.0, 1.25, 1.25]], [[1.75, -1.75, 0.5], [-1.5, -1.25, -1.75], [0.0, 1.0, -1.0]]]]> : tensor<1x2x3x3xf64>,
                   dense<[[[[1.5, 2.0], [-2.0, 1.5], [1.25, 0.5], [1.0, -2.0]], [[-0.75, -1.75], [-1.0, 1.0], [0.25, -1.25], [-0.5, -0.75]]]]> : tensor<1x2x4x2xf64>],
    test.expected = [dense<[[[[0.0, -11.0], [3.125, 0.75]], [[-5.25, -3.5], [-4.875, 3.5]]], [[[2.3125, -3.0], [-6.0625, -0.875]], [[-0.9375, 1.3125], [0.5625, -1.1875]]]]> : tensor<2x2x2x2xf64>]
  } {
  %y = nn.conv2d_grad_weight %x, %dy shape [2, 2, 2, 2]
      stride [1, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x2x3x3xf64>, tensor<1x2x4x2xf64>) -> tensor<2x2x2x2xf64>
  return %y : tensor<2x2x2x2xf64>
}

func.func @plain(%x: tensor<1x1x3x3xf64>, %dy: tensor<1x1x3x3xf64>) -> tensor<1x1x1x1xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [1, 1, 1, 1]
      stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x1x3x3xf64>, tensor<1x1x3x3xf64>) -> tensor<1x1x1x1xf64>
  return %y : tensor<1x1x1x1xf64>
}

func.func @odd(%x: tensor<2x3x7x5xf64>, %dy: tensor<2x4x7x5xf64>) -> tensor<4x3x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [4, 3, 3, 3]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x3x7x5xf64>, tensor<2x4x7x5xf64>) -> tensor<4x3x3x3xf64>
  return %y : tensor<4x3x3x3xf64>
}

func.func @wide_kernel(%x: tensor<1x2x5x9xf64>, %dy: tensor<1x3x5x9xf64>) -> tensor<3x2x5x5xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [3, 2, 5, 5]
      stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<1x2x5x9xf64>, tensor<1x3x5x9xf64>) -> tensor<3x2x5x5xf64>
  return %y : tensor<3x2x5x5xf64>
}

func.func @strided(%x: tensor<2x2x7x8xf64>, %dy: tensor<2x3x4x3xf64>) -> tensor<3x2x3x2xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [3, 2, 3, 2]
      stride [2, 3] pad [1, 0, 1, 0] dilation [1, 1] groups 1
      : (tensor<2x2x7x8xf64>, tensor<2x3x4x3xf64>) -> tensor<3x2x3x2xf64>
  return %y : tensor<3x2x3x2xf64>
}

func.func @skipping_the_end(%x: tensor<1x1x6x6xf64>, %dy: tensor<1x2x2x2xf64>) -> tensor<2x1x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [2, 1, 3, 3]
      stride [2, 2] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x1x6x6xf64>, tensor<1x2x2x2xf64>) -> tensor<2x1x3x3xf64>
  return %y : tensor<2x1x3x3xf64>
}

func.func @uneven_padding(%x: tensor<1x2x4x5xf64>, %dy: tensor<1x2x5x6xf64>) -> tensor<2x2x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [2, 2, 3, 3]
      stride [1, 1] pad [2, 0, 1, 3] dilation [1, 1] groups 1
      : (tensor<1x2x4x5xf64>, tensor<1x2x5x6xf64>) -> tensor<2x2x3x3xf64>
  return %y : tensor<2x2x3x3xf64>
}

func.func @dilated(%x: tensor<1x2x9x7xf64>, %dy: tensor<1x2x7x3xf64>) -> tensor<2x2x3x2xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [2, 2, 3, 2]
      stride [1, 2] pad [1, 1, 1, 1] dilation [2, 3] groups 1
      : (tensor<1x2x9x7xf64>, tensor<1x2x7x3xf64>) -> tensor<2x2x3x2xf64>
  return %y : tensor<2x2x3x2xf64>
}

func.func @grouped(%x: tensor<2x4x5x5xf64>, %dy: tensor<2x6x5x5xf64>) -> tensor<6x2x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [6, 2, 3, 3]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 2
      : (tensor<2x4x5x5xf64>, tensor<2x6x5x5xf64>) -> tensor<6x2x3x3xf64>
  return %y : tensor<6x2x3x3xf64>
}

func.func @depthwise(%x: tensor<1x3x5x5xf64>, %dy: tensor<1x3x3x3xf64>) -> tensor<3x1x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [3, 1, 3, 3]
      stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 3
      : (tensor<1x3x5x5xf64>, tensor<1x3x3x3xf64>) -> tensor<3x1x3x3xf64>
  return %y : tensor<3x1x3x3xf64>
}

func.func @many_channels(%x: tensor<1x17x3x4xf64>, %dy: tensor<1x33x3x4xf64>) -> tensor<33x17x3x3xf64> {
  %y = nn.conv2d_grad_weight %x, %dy shape [33, 17, 3, 3]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x17x3x4xf64>, tensor<1x33x3x4xf64>) -> tensor<33x17x3x3xf64>
  return %y : tensor<33x17x3x3xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<3x16x15x17xf64>, %dy: tensor<3x33x15x17xf64>) -> tensor<33x16x3x3xf64> attributes {test.large} {
  %y = nn.conv2d_grad_weight %x, %dy shape [33, 16, 3, 3]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<3x16x15x17xf64>, tensor<3x33x15x17xf64>) -> tensor<33x16x3x3xf64>
  return %y : tensor<33x16x3x3xf64>
}
