// RUN: dlc-test %s

// The derivative of conv2d by its input. The expected values are PyTorch's.

func.func @values(%dy: tensor<1x2x4x2xf64>, %w: tensor<2x2x2x2xf64>) -> tensor<1x2x3x3xf64>
  attributes {
    test.inputs = [dense<[[[[1.5, 2.0], [-2.0, 1.5], [1.25, 0.5], [1.0, -2.0]], [[-0.75, -1.75], [-1.0, 1.0], [0.25, -1.25], [-0.5, -0.75]]]]> : tensor<1x2x4x2xf64>,
                   dense<[[[[-1.25, 1.0], [1.25, 0.25]], [[-1.0, 1.5], [0.5, -0.25]]], [[[0.0, 2.0], [-0.25, 1.5]], [[1.0, 1.75], [-1.5, 1.5]]]]> : tensor<2x2x2x2xf64>],
    test.expected = [dense<[[[[-4.75, 1.0625, 1.375], [-0.25, 1.0, -0.125], [0.6875, 3.4375, -5.25]], [[-6.25, 3.125, 0.875], [1.3125, -2.5, -0.3125], [0.6875, 3.375, -6.3125]]]]> : tensor<1x2x3x3xf64>]
  } {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 3, 3]
      stride [1, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x2x4x2xf64>, tensor<2x2x2x2xf64>) -> tensor<1x2x3x3xf64>
  return %y : tensor<1x2x3x3xf64>
}

func.func @plain(%dy: tensor<1x1x3x3xf64>, %w: tensor<1x1x1x1xf64>) -> tensor<1x1x3x3xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 1, 3, 3]
      stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x1x3x3xf64>, tensor<1x1x1x1xf64>) -> tensor<1x1x3x3xf64>
  return %y : tensor<1x1x3x3xf64>
}

func.func @odd(%dy: tensor<2x4x7x5xf64>, %w: tensor<4x3x3x3xf64>) -> tensor<2x3x7x5xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 3, 7, 5]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x4x7x5xf64>, tensor<4x3x3x3xf64>) -> tensor<2x3x7x5xf64>
  return %y : tensor<2x3x7x5xf64>
}

func.func @wide_kernel(%dy: tensor<1x3x5x9xf64>, %w: tensor<3x2x5x5xf64>) -> tensor<1x2x5x9xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 5, 9]
      stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<1x3x5x9xf64>, tensor<3x2x5x5xf64>) -> tensor<1x2x5x9xf64>
  return %y : tensor<1x2x5x9xf64>
}

func.func @strided(%dy: tensor<2x3x4x3xf64>, %w: tensor<3x2x3x2xf64>) -> tensor<2x2x7x8xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 2, 7, 8]
      stride [2, 3] pad [1, 0, 1, 0] dilation [1, 1] groups 1
      : (tensor<2x3x4x3xf64>, tensor<3x2x3x2xf64>) -> tensor<2x2x7x8xf64>
  return %y : tensor<2x2x7x8xf64>
}

func.func @skipping_the_end(%dy: tensor<1x2x2x2xf64>, %w: tensor<2x1x3x3xf64>) -> tensor<1x1x6x6xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 1, 6, 6]
      stride [2, 2] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x2x2x2xf64>, tensor<2x1x3x3xf64>) -> tensor<1x1x6x6xf64>
  return %y : tensor<1x1x6x6xf64>
}

func.func @uneven_padding(%dy: tensor<1x2x5x6xf64>, %w: tensor<2x2x3x3xf64>) -> tensor<1x2x4x5xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 4, 5]
      stride [1, 1] pad [2, 0, 1, 3] dilation [1, 1] groups 1
      : (tensor<1x2x5x6xf64>, tensor<2x2x3x3xf64>) -> tensor<1x2x4x5xf64>
  return %y : tensor<1x2x4x5xf64>
}

func.func @dilated(%dy: tensor<1x2x7x3xf64>, %w: tensor<2x2x3x2xf64>) -> tensor<1x2x9x7xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 9, 7]
      stride [1, 2] pad [1, 1, 1, 1] dilation [2, 3] groups 1
      : (tensor<1x2x7x3xf64>, tensor<2x2x3x2xf64>) -> tensor<1x2x9x7xf64>
  return %y : tensor<1x2x9x7xf64>
}

func.func @grouped(%dy: tensor<2x6x5x5xf64>, %w: tensor<6x2x3x3xf64>) -> tensor<2x4x5x5xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 4, 5, 5]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 2
      : (tensor<2x6x5x5xf64>, tensor<6x2x3x3xf64>) -> tensor<2x4x5x5xf64>
  return %y : tensor<2x4x5x5xf64>
}

func.func @depthwise(%dy: tensor<1x3x3x3xf64>, %w: tensor<3x1x3x3xf64>) -> tensor<1x3x5x5xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 3, 5, 5]
      stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 3
      : (tensor<1x3x3x3xf64>, tensor<3x1x3x3xf64>) -> tensor<1x3x5x5xf64>
  return %y : tensor<1x3x5x5xf64>
}

func.func @many_channels(%dy: tensor<1x33x3x4xf64>, %w: tensor<33x17x3x3xf64>) -> tensor<1x17x3x4xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 17, 3, 4]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x33x3x4xf64>, tensor<33x17x3x3xf64>) -> tensor<1x17x3x4xf64>
  return %y : tensor<1x17x3x4xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%dy: tensor<3x33x15x17xf64>, %w: tensor<33x16x3x3xf64>) -> tensor<3x16x15x17xf64> attributes {test.large} {
  %y = nn.conv2d_grad_input %dy, %w shape [3, 16, 15, 17]
      stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<3x33x15x17xf64>, tensor<33x16x3x3xf64>) -> tensor<3x16x15x17xf64>
  return %y : tensor<3x16x15x17xf64>
}
