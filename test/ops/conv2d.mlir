// RUN: dlc-test %s

// Cross-correlation of images with kernels. The expected values are PyTorch's.

func.func @values(%x: tensor<1x2x3x3xf64>, %w: tensor<2x2x2x2xf64>) -> tensor<1x2x4x2xf64>
  attributes {
    test.inputs = [dense<[[[[2.0, 2.0, -1.25], [-1.0, -1.0, -0.75], [-1.0, 1.25, 1.25]], [[1.75, -1.75, 0.5], [-1.5, -1.25, -1.75], [0.0, 1.0, -1.0]]]]> : tensor<1x2x3x3xf64>,
                   dense<[[[[-1.25, 1.0], [1.25, 0.25]], [[-1.0, 1.5], [0.5, -0.25]]], [[[0.0, 2.0], [-0.25, 1.5]], [[1.0, 1.75], [-1.5, 1.5]]]]> : tensor<2x2x2x2xf64>],
    test.expected = [dense<[[[[0.0625, 1.1875], [4.75, -2.875], [-3.5, 1.75], [-1.0, -2.8125]], [[5.625, 1.0], [3.3125, -5.0], [-6.125, -7.25], [-2.0, 1.75]]]]> : tensor<1x2x4x2xf64>]
  } {
  %y = nn.conv2d %x, %w stride [1, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x2x3x3xf64>, tensor<2x2x2x2xf64>) -> tensor<1x2x4x2xf64>
  return %y : tensor<1x2x4x2xf64>
}

func.func @plain(%x: tensor<1x1x3x3xf64>, %w: tensor<1x1x1x1xf64>) -> tensor<1x1x3x3xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x1x3x3xf64>, tensor<1x1x1x1xf64>) -> tensor<1x1x3x3xf64>
  return %y : tensor<1x1x3x3xf64>
}

func.func @odd(%x: tensor<2x3x7x5xf64>, %w: tensor<4x3x3x3xf64>) -> tensor<2x4x7x5xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x3x7x5xf64>, tensor<4x3x3x3xf64>) -> tensor<2x4x7x5xf64>
  return %y : tensor<2x4x7x5xf64>
}

func.func @wide_kernel(%x: tensor<1x2x5x9xf64>, %w: tensor<3x2x5x5xf64>) -> tensor<1x3x5x9xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<1x2x5x9xf64>, tensor<3x2x5x5xf64>) -> tensor<1x3x5x9xf64>
  return %y : tensor<1x3x5x9xf64>
}

func.func @strided(%x: tensor<2x2x7x8xf64>, %w: tensor<3x2x3x2xf64>) -> tensor<2x3x4x3xf64> {
  %y = nn.conv2d %x, %w stride [2, 3] pad [1, 0, 1, 0] dilation [1, 1] groups 1
      : (tensor<2x2x7x8xf64>, tensor<3x2x3x2xf64>) -> tensor<2x3x4x3xf64>
  return %y : tensor<2x3x4x3xf64>
}

func.func @skipping_the_end(%x: tensor<1x1x6x6xf64>, %w: tensor<2x1x3x3xf64>) -> tensor<1x2x2x2xf64> {
  %y = nn.conv2d %x, %w stride [2, 2] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x1x6x6xf64>, tensor<2x1x3x3xf64>) -> tensor<1x2x2x2xf64>
  return %y : tensor<1x2x2x2xf64>
}

func.func @uneven_padding(%x: tensor<1x2x4x5xf64>, %w: tensor<2x2x3x3xf64>) -> tensor<1x2x5x6xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 0, 1, 3] dilation [1, 1] groups 1
      : (tensor<1x2x4x5xf64>, tensor<2x2x3x3xf64>) -> tensor<1x2x5x6xf64>
  return %y : tensor<1x2x5x6xf64>
}

func.func @dilated(%x: tensor<1x2x9x7xf64>, %w: tensor<2x2x3x2xf64>) -> tensor<1x2x7x3xf64> {
  %y = nn.conv2d %x, %w stride [1, 2] pad [1, 1, 1, 1] dilation [2, 3] groups 1
      : (tensor<1x2x9x7xf64>, tensor<2x2x3x2xf64>) -> tensor<1x2x7x3xf64>
  return %y : tensor<1x2x7x3xf64>
}

func.func @grouped(%x: tensor<2x4x5x5xf64>, %w: tensor<6x2x3x3xf64>) -> tensor<2x6x5x5xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 2
      : (tensor<2x4x5x5xf64>, tensor<6x2x3x3xf64>) -> tensor<2x6x5x5xf64>
  return %y : tensor<2x6x5x5xf64>
}

func.func @depthwise(%x: tensor<1x3x5x5xf64>, %w: tensor<3x1x3x3xf64>) -> tensor<1x3x3x3xf64> {
  %y = nn.conv2d %x, %w stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 3
      : (tensor<1x3x5x5xf64>, tensor<3x1x3x3xf64>) -> tensor<1x3x3x3xf64>
  return %y : tensor<1x3x3x3xf64>
}

func.func @many_channels(%x: tensor<1x17x3x4xf64>, %w: tensor<33x17x3x3xf64>) -> tensor<1x33x3x4xf64> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x17x3x4xf64>, tensor<33x17x3x3xf64>) -> tensor<1x33x3x4xf64>
  return %y : tensor<1x33x3x4xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<3x16x15x17xf64>, %w: tensor<33x16x3x3xf64>) -> tensor<3x33x15x17xf64> attributes {test.large} {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<3x16x15x17xf64>, tensor<33x16x3x3xf64>) -> tensor<3x33x15x17xf64>
  return %y : tensor<3x33x15x17xf64>
}

// The same sum over images that are padded differently: what is left out as padding is not the same.
func.func @paddings(%a: tensor<1x8x8x8xf64>, %b: tensor<1x8x10x10xf64>, %v: tensor<4x8x7x7xf64>,
                    %w: tensor<4x8x7x7xf64>) -> (tensor<1x4x8x8xf64>, tensor<1x4x8x8xf64>) attributes {test.large} {
  %y = nn.conv2d %a, %v stride [1, 1] pad [3, 3, 3, 3] dilation [1, 1] groups 1
      : (tensor<1x8x8x8xf64>, tensor<4x8x7x7xf64>) -> tensor<1x4x8x8xf64>
  %z = nn.conv2d %b, %w stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<1x8x10x10xf64>, tensor<4x8x7x7xf64>) -> tensor<1x4x8x8xf64>
  return %y, %z : tensor<1x4x8x8xf64>, tensor<1x4x8x8xf64>
}
