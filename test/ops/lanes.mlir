// RUN: dlc-test %s
// RUN: sed 's/f64/f32/g' %s | dlc-opt -dlc-linalg | FileCheck %s

// Images of few channels between convolutions lie with 16 images of the batch side by side, the lanes of vectors
// (`dlc-layout` in compiler/passes/passes.td).

// The argument is copied between the zeros of the padding. Stride and dilation.
// CHECK-LABEL: func @forward(
// CHECK: tensor<3x2x11x12x16xf32>
// CHECK: tensor<3x5x5x8x16xf32>
func.func @forward(%x: tensor<48x2x9x10xf64>, %w: tensor<5x2x3x2xf64>) -> tensor<48x5x5x8xf64> attributes {test.large} {
  %y = nn.conv2d %x, %w stride [2, 1] pad [1, 0, 1, 2] dilation [1, 4] groups 1
      : (tensor<48x2x9x10xf64>, tensor<5x2x3x2xf64>) -> tensor<48x5x5x8xf64>
  %z = nn.tanh %y : tensor<48x5x5x8xf64>
  return %z : tensor<48x5x5x8xf64>
}

// An argument that is read as it is becomes a copy for both its readers.
// CHECK-LABEL: func @argument(
// CHECK-COUNT-1: linalg.generic {{.*}} ins(%arg0 :
// CHECK-NOT: ins(%arg0 :
// CHECK: return
func.func @argument(%x: tensor<16x3x5x6xf64>, %w: tensor<2x3x2x2xf64>, %dy0: tensor<16x2x4x5xf64>)
    -> (tensor<16x2x4x5xf64>, tensor<2x3x2x2xf64>) attributes {test.large} {
  %0 = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x3x5x6xf64>, tensor<2x3x2x2xf64>) -> tensor<16x2x4x5xf64>
  %y = nn.tanh %0 : tensor<16x2x4x5xf64>
  %dy = nn.mul %y, %dy0 : tensor<16x2x4x5xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [2, 3, 2, 2] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x3x5x6xf64>, tensor<16x2x4x5xf64>) -> tensor<2x3x2x2xf64>
  return %y, %dw : tensor<16x2x4x5xf64>, tensor<2x3x2x2xf64>
}

// From few channels to some, pooled, flattened and multiplied, all with the batch in the lanes.
// CHECK-LABEL: func @chain(
// CHECK: tensor<2x3x10x10x16xf32>
// CHECK: tensor<2x3x5x5x16xf32>
// CHECK: tensor<2x20x3x3x16xf32>
// CHECK: tensor.collapse_shape {{.*}} {{\[\[}}0], [1, 2, 3], [4]] : tensor<2x20x3x3x16xf32> into tensor<2x180x16xf32>
func.func @chain(%x: tensor<32x1x10x10xf64>, %w1: tensor<3x1x3x3xf64>, %b: tensor<3xf64>, %w2: tensor<20x3x3x3xf64>,
                 %m: tensor<180x7xf64>) -> tensor<32x7xf64> attributes {test.large} {
  %0 = nn.conv2d %x, %w1 stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<32x1x10x10xf64>, tensor<3x1x3x3xf64>) -> tensor<32x3x10x10xf64>
  %1 = nn.broadcast %b axes [0, 2, 3] sizes [32, 10, 10] : (tensor<3xf64>) -> tensor<32x3x10x10xf64>
  %2 = nn.add %0, %1 : tensor<32x3x10x10xf64>
  %3 = nn.max_pool2d %2 kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0] : (tensor<32x3x10x10xf64>) -> tensor<32x3x5x5xf64>
  %4 = nn.conv2d %3, %w2 stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x3x5x5xf64>, tensor<20x3x3x3xf64>) -> tensor<32x20x3x3xf64>
  %5 = nn.reshape %4 shape [32, 180] : (tensor<32x20x3x3xf64>) -> tensor<32x180xf64>
  %6 = nn.matmul %5, %m : (tensor<32x180xf64>, tensor<180x7xf64>) -> tensor<32x7xf64>
  return %6 : tensor<32x7xf64>
}

// The batch's numbers make the dropout's random ones, as without lanes.
// CHECK-LABEL: func @random(
// CHECK: tensor<1x4x6x7x16xf32>
func.func @random(%x: tensor<16x4x6x7xf64>, %w: tensor<4x4x3x3xf64>, %key: tensor<4xi32>) -> tensor<16x4x6x7xf64> attributes {test.large} {
  %0 = nn.neg %x : tensor<16x4x6x7xf64>
  %1 = nn.conv2d %0, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x4x6x7xf64>, tensor<4x4x3x3xf64>) -> tensor<16x4x6x7xf64>
  %2 = nn.random_uniform %key shape [16, 4, 6, 7] stream 3 element f64 : (tensor<4xi32>) -> tensor<16x4x6x7xf64>
  %3 = nn.mul %1, %2 : tensor<16x4x6x7xf64>
  %4 = nn.conv2d %3, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x4x6x7xf64>, tensor<4x4x3x3xf64>) -> tensor<16x4x6x7xf64>
  return %4 : tensor<16x4x6x7xf64>
}

// Where the whole window lies in the padding there is nothing to add.
// CHECK-LABEL: func @to_data(
// CHECK: tensor<2x5x8x9x16xf32>
func.func @to_data(%dy0: tensor<32x18x6x7xf64>, %w: tensor<18x5x5x5xf64>) -> tensor<32x5x8x9xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<32x18x6x7xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [32, 5, 8, 9] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<32x18x6x7xf64>, tensor<18x5x5x5xf64>) -> tensor<32x5x8x9xf64>
  %z = nn.neg %dx : tensor<32x5x8x9xf64>
  return %z : tensor<32x5x8x9xf64>
}

// CHECK-LABEL: func @to_data_in_steps(
// CHECK: tensor<2x3x8x9x16xf32>
func.func @to_data_in_steps(%dy0: tensor<32x6x4x4xf64>, %w: tensor<6x3x3x3xf64>) -> tensor<32x3x8x9xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<32x6x4x4xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [32, 3, 8, 9] stride [2, 2] pad [1, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x6x4x4xf64>, tensor<6x3x3x3xf64>) -> tensor<32x3x8x9xf64>
  %z = nn.neg %dx : tensor<32x3x8x9xf64>
  return %z : tensor<32x3x8x9xf64>
}

// The sum over the images is one of 16 in lanes.
// CHECK-LABEL: func @to_weights(
// CHECK: tensor<7x3x3x4x16xf32>
func.func @to_weights(%x: tensor<48x3x8x9xf64>, %dy0: tensor<48x7x8x7xf64>) -> tensor<7x3x3x4xf64> attributes {test.large} {
  %dy = nn.tanh %dy0 : tensor<48x7x8x7xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [7, 3, 3, 4] stride [1, 1] pad [1, 1, 1, 0] dilation [1, 1] groups 1
      : (tensor<48x3x8x9xf64>, tensor<48x7x8x7xf64>) -> tensor<7x3x3x4xf64>
  return %dw : tensor<7x3x3x4xf64>
}

// The gradients of pooling, and what is added up of images.
// CHECK-LABEL: func @pools(
// CHECK: tensor<1x2x8x8x16xf32>
func.func @pools(%x: tensor<16x2x8x8xf64>, %w: tensor<2x2x3x3xf64>, %d0: tensor<16x32xf64>) -> (tensor<2x2x3x3xf64>, tensor<2xf64>) attributes {test.large} {
  %0 = nn.neg %x : tensor<16x2x8x8xf64>
  %1 = nn.conv2d %0, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x2x8x8xf64>, tensor<2x2x3x3xf64>) -> tensor<16x2x8x8xf64>
  %2 = nn.tanh %1 : tensor<16x2x8x8xf64>
  %d = nn.reshape %d0 shape [16, 2, 4, 4] : (tensor<16x32xf64>) -> tensor<16x2x4x4xf64>
  %3 = nn.max_pool2d_grad %2, %d kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<16x2x8x8xf64>, tensor<16x2x4x4xf64>) -> tensor<16x2x8x8xf64>
  %4 = nn.avg_pool2d_grad %d shape [16, 2, 8, 8] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<16x2x4x4xf64>) -> tensor<16x2x8x8xf64>
  %5 = nn.mul %3, %4 : tensor<16x2x8x8xf64>
  %6 = nn.conv2d_grad_weight %0, %5 shape [2, 2, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x2x8x8xf64>, tensor<16x2x8x8xf64>) -> tensor<2x2x3x3xf64>
  %7 = nn.reduce_sum %5 axes [0, 2, 3] : (tensor<16x2x8x8xf64>) -> tensor<2xf64>
  return %6, %7 : tensor<2x2x3x3xf64>, tensor<2xf64>
}

// A batch that fills no lanes stays as it is.
// CHECK-LABEL: func @odd_batch(
// CHECK-NOT: x16xf32
func.func @odd_batch(%x: tensor<24x2x6x7xf64>, %w: tensor<3x2x3x3xf64>) -> tensor<24x3x4x5xf64> attributes {test.large} {
  %0 = nn.neg %x : tensor<24x2x6x7xf64>
  %1 = nn.conv2d %0, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<24x2x6x7xf64>, tensor<3x2x3x3xf64>) -> tensor<24x3x4x5xf64>
  %2 = nn.neg %1 : tensor<24x3x4x5xf64>
  return %2 : tensor<24x3x4x5xf64>
}
