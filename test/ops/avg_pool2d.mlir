// RUN: dlc-test %s

// The mean of each window, padding counted as zeros. The expected values are PyTorch's.

func.func @values(%x: tensor<1x1x4x5xf64>) -> tensor<1x1x3x3xf64>
  attributes {
    test.inputs = [dense<[[[[-1.5, -0.5, -2.0, 0.75, 0.75], [0.25, 2.0, 0.75, -0.25, 1.75], [-2.0, -0.5, -1.25, 0.25, 1.75], [1.5, -1.75, -0.5, 0.0, -0.5]]]]> : tensor<1x1x4x5xf64>],
    test.expected = [dense<[[[[-0.3333333333333333, -0.2916666666666667, 0.25], [-0.041666666666666664, 0.16666666666666666, 0.5833333333333334], [-0.041666666666666664, -0.375, -0.08333333333333333]]]]> : tensor<1x1x3x3xf64>]
  } {
  %y = nn.avg_pool2d %x kernel [2, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<1x1x4x5xf64>) -> tensor<1x1x3x3xf64>
  return %y : tensor<1x1x3x3xf64>
}

func.func @halves(%x: tensor<1x2x4x6xf64>) -> tensor<1x2x2x3xf64> {
  %y = nn.avg_pool2d %x kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x2x4x6xf64>) -> tensor<1x2x2x3xf64>
  return %y : tensor<1x2x2x3xf64>
}

func.func @overlapping(%x: tensor<2x1x7x5xf64>) -> tensor<2x1x3x4xf64> {
  %y = nn.avg_pool2d %x kernel [3, 2] stride [2, 1] pad [0, 0, 0, 0]
      : (tensor<2x1x7x5xf64>) -> tensor<2x1x3x4xf64>
  return %y : tensor<2x1x3x4xf64>
}

func.func @padded(%x: tensor<1x3x5x7xf64>) -> tensor<1x3x3x4xf64> {
  %y = nn.avg_pool2d %x kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<1x3x5x7xf64>) -> tensor<1x3x3x4xf64>
  return %y : tensor<1x3x3x4xf64>
}

func.func @with_gaps(%x: tensor<1x1x7x8xf64>) -> tensor<1x1x2x4xf64> {
  %y = nn.avg_pool2d %x kernel [2, 1] stride [3, 2] pad [0, 0, 0, 0]
      : (tensor<1x1x7x8xf64>) -> tensor<1x1x2x4xf64>
  return %y : tensor<1x1x2x4xf64>
}

func.func @whole_image(%x: tensor<3x1x3x7xf64>) -> tensor<3x1x1x1xf64> {
  %y = nn.avg_pool2d %x kernel [3, 7] stride [1, 1] pad [0, 0, 0, 0]
      : (tensor<3x1x3x7xf64>) -> tensor<3x1x1x1xf64>
  return %y : tensor<3x1x1x1xf64>
}

func.func @uneven_padding(%x: tensor<1x1x4x4xf64>) -> tensor<1x1x4x2xf64> {
  %y = nn.avg_pool2d %x kernel [3, 3] stride [1, 2] pad [0, 1, 2, 1]
      : (tensor<1x1x4x4xf64>) -> tensor<1x1x4x2xf64>
  return %y : tensor<1x1x4x2xf64>
}

func.func @single(%x: tensor<1x1x1x1xf64>) -> tensor<1x1x1x1xf64> {
  %y = nn.avg_pool2d %x kernel [1, 1] stride [1, 1] pad [0, 0, 0, 0]
      : (tensor<1x1x1x1xf64>) -> tensor<1x1x1x1xf64>
  return %y : tensor<1x1x1x1xf64>
}

func.func @many_channels(%x: tensor<1x17x4x4xf64>) -> tensor<1x17x2x2xf64> {
  %y = nn.avg_pool2d %x kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x17x4x4xf64>) -> tensor<1x17x2x2xf64>
  return %y : tensor<1x17x2x2xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<3x17x33x31xf64>) -> tensor<3x17x16x15xf64> attributes {test.large} {
  %y = nn.avg_pool2d %x kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<3x17x33x31xf64>) -> tensor<3x17x16x15xf64>
  return %y : tensor<3x17x16x15xf64>
}
