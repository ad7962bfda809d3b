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

// Stride 2: the rows of dx fall into phases of different sizes and taps, here of uneven padding.
func.func @phases(%dy: tensor<2x4x3x4xf64>, %w: tensor<4x3x3x3xf64>) -> tensor<2x3x7x6xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 3, 7, 6]
      stride [2, 2] pad [1, 2, 0, 1] dilation [1, 1] groups 1
      : (tensor<2x4x3x4xf64>, tensor<4x3x3x3xf64>) -> tensor<2x3x7x6xf64>
  return %y : tensor<2x3x7x6xf64>
}

// Three of four phases, and two of three rows and columns, meet no tap and are zero.
func.func @phases_without_taps(%dy: tensor<1x3x4x3xf64>, %w: tensor<3x2x1x1xf64>) -> tensor<1x2x7x8xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 7, 8]
      stride [2, 3] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<1x3x4x3xf64>, tensor<3x2x1x1xf64>) -> tensor<1x2x7x8xf64>
  return %y : tensor<1x2x7x8xf64>
}

// Some phases meet a tap in one axis only; the last rows lie beyond every window.
func.func @kernel_below_stride(%dy: tensor<1x3x2x4xf64>, %w: tensor<3x2x2x3xf64>) -> tensor<1x2x9x8xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 9, 8]
      stride [4, 2] pad [0, 1, 0, 1] dilation [1, 1] groups 1
      : (tensor<1x3x2x4xf64>, tensor<3x2x2x3xf64>) -> tensor<1x2x9x8xf64>
  return %y : tensor<1x2x9x8xf64>
}

// Strided along one axis.
func.func @one_axis(%dy: tensor<1x3x5x4xf64>, %w: tensor<3x2x3x3xf64>) -> tensor<1x2x5x7xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 5, 7]
      stride [1, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x3x5x4xf64>, tensor<3x2x3x3xf64>) -> tensor<1x2x5x7xf64>
  return %y : tensor<1x2x5x7xf64>
}

// Fewer rows than the stride has phases.
func.func @fewer_rows_than_phases(%dy: tensor<1x2x1x1xf64>, %w: tensor<2x2x3x3xf64>) -> tensor<1x2x2x1xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 2, 1]
      stride [3, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<1x2x1x1xf64>, tensor<2x2x3x3xf64>) -> tensor<1x2x2x1xf64>
  return %y : tensor<1x2x2x1xf64>
}

// A dilation that shares a factor with the stride leaves phases without taps; one that does not
// deals the taps out to all.
func.func @dilated_phases(%dy: tensor<1x2x4x5xf64>, %w: tensor<2x2x3x4xf64>) -> tensor<1x2x13x11xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 13, 11]
      stride [4, 2] pad [2, 4, 3, 3] dilation [2, 3] groups 1
      : (tensor<1x2x4x5xf64>, tensor<2x2x3x4xf64>) -> tensor<1x2x13x11xf64>
  return %y : tensor<1x2x13x11xf64>
}

func.func @dilated_by_stride(%dy: tensor<1x2x5x5xf64>, %w: tensor<2x2x3x3xf64>) -> tensor<1x2x9x9xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 9, 9]
      stride [2, 2] pad [2, 2, 2, 2] dilation [2, 2] groups 1
      : (tensor<1x2x5x5xf64>, tensor<2x2x3x3xf64>) -> tensor<1x2x9x9xf64>
  return %y : tensor<1x2x9x9xf64>
}

func.func @grouped_phases(%dy: tensor<2x6x3x4xf64>, %w: tensor<6x2x3x2xf64>) -> tensor<2x4x6x7xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 4, 6, 7]
      stride [2, 2] pad [1, 0, 1, 1] dilation [1, 1] groups 2
      : (tensor<2x6x3x4xf64>, tensor<6x2x3x2xf64>) -> tensor<2x4x6x7xf64>
  return %y : tensor<2x4x6x7xf64>
}

// Padding wider than the kernel's reach: the first rows of dy belong to no row of dx.
func.func @wide_padding(%dy: tensor<1x2x4x5xf64>, %w: tensor<2x2x2x2xf64>) -> tensor<1x2x4x5xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 4, 5]
      stride [2, 2] pad [3, 2, 2, 4] dilation [1, 1] groups 1
      : (tensor<1x2x4x5xf64>, tensor<2x2x2x2xf64>) -> tensor<1x2x4x5xf64>
  return %y : tensor<1x2x4x5xf64>
}

// More phases than are worth a kernel each.
func.func @many_phases(%dy: tensor<1x2x2x2xf64>, %w: tensor<2x2x5x6xf64>) -> tensor<1x2x11x12xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [1, 2, 11, 12]
      stride [5, 6] pad [1, 0, 0, 2] dilation [1, 1] groups 1
      : (tensor<1x2x2x2xf64>, tensor<2x2x5x6xf64>) -> tensor<1x2x11x12xf64>
  return %y : tensor<1x2x11x12xf64>
}

// Channels last, in phases that are written straight into dx.
func.func @strided_channels(%dy: tensor<2x19x5x4xf64>, %w: tensor<19x17x3x3xf64>) -> tensor<2x17x9x8xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 17, 9, 8]
      stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x19x5x4xf64>, tensor<19x17x3x3xf64>) -> tensor<2x17x9x8xf64>
  return %y : tensor<2x17x9x8xf64>
}

func.func @shortcut(%dy: tensor<2x32x4x4xf64>, %w: tensor<32x16x1x1xf64>) -> tensor<2x16x8x7xf64> {
  %y = nn.conv2d_grad_input %dy, %w shape [2, 16, 8, 7]
      stride [2, 2] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x32x4x4xf64>, tensor<32x16x1x1xf64>) -> tensor<2x16x8x7xf64>
  return %y : tensor<2x16x8x7xf64>
}

func.func @large_phases(%dy: tensor<3x33x8x9xf64>, %w: tensor<33x16x3x3xf64>) -> tensor<3x16x15x18xf64> attributes {test.large} {
  %y = nn.conv2d_grad_input %dy, %w shape [3, 16, 15, 18]
      stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<3x33x8x9xf64>, tensor<33x16x3x3xf64>) -> tensor<3x16x15x18xf64>
  return %y : tensor<3x16x15x18xf64>
}

// Two of them go into tensors that are zero in the same columns: each has its own.
func.func @twice(%a: tensor<1x2x5x1xf64>, %b: tensor<1x2x5x1xf64>, %w: tensor<2x32x5x3xf64>) -> tensor<1x32x7x3xf64> {
  %x = nn.conv2d_grad_input %a, %w shape [1, 32, 7, 3] stride [1, 2] pad [0, 1, 2, 2] dilation [1, 2] groups 1 : (tensor<1x2x5x1xf64>, tensor<2x32x5x3xf64>) -> tensor<1x32x7x3xf64>
  %c = nn.tanh %b : tensor<1x2x5x1xf64>
  %y = nn.conv2d_grad_input %c, %w shape [1, 32, 7, 3] stride [1, 2] pad [0, 1, 2, 2] dilation [1, 2] groups 1 : (tensor<1x2x5x1xf64>, tensor<2x32x5x3xf64>) -> tensor<1x32x7x3xf64>
  %sum = nn.mul %x, %y : tensor<1x32x7x3xf64>
  return %sum : tensor<1x32x7x3xf64>
}
