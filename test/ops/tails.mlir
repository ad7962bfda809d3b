// RUN: dlc-test %s
// RUN: sed 's/xf64/xf32/g' %s | dlc-opt -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=32 | FileCheck %s

// What is done to the sums of a product runs in the product's kernel, where it may.

// The sum is cut into blocks: only the last one is followed by the tail.
// CHECK-LABEL: func.func @blocked
// CHECK-COUNT-1: call @kernel
// CHECK-NOT:     call @kernel
func.func @blocked(%x: tensor<64x1568xf64>, %w: tensor<1568x130xf64>, %b: tensor<130xf64>) -> tensor<64x130xf64> attributes {test.large} {
  %y = nn.matmul %x, %w : (tensor<64x1568xf64>, tensor<1568x130xf64>) -> tensor<64x130xf64>
  %1 = nn.broadcast %b axes [0] sizes [64] : (tensor<130xf64>) -> tensor<64x130xf64>
  %2 = nn.add %y, %1 : tensor<64x130xf64>
  %z = nn.tanh %2 : tensor<64x130xf64>
  return %z : tensor<64x130xf64>
}

// The tail reads what the product reads, and nobody does later: it must not be overwritten.
// CHECK-LABEL: func.func @residual
func.func @residual(%x: tensor<9x33xf64>, %w: tensor<33x33xf64>, %v: tensor<33x33xf64>) -> tensor<9x33xf64> {
  %x1 = nn.tanh %x : tensor<9x33xf64>
  %y = nn.matmul %x1, %w : (tensor<9x33xf64>, tensor<33x33xf64>) -> tensor<9x33xf64>
  %z = nn.add %x1, %y : tensor<9x33xf64>
  %u = nn.matmul %z, %v : (tensor<9x33xf64>, tensor<33x33xf64>) -> tensor<9x33xf64>
  return %u : tensor<9x33xf64>
}

// The sums themselves are wanted, too.
// CHECK-LABEL: func.func @kept
// CHECK-COUNT-1: call @kernel
// CHECK-NOT:     call @kernel
func.func @kept(%x: tensor<7x20xf64>, %w: tensor<20x17xf64>) -> (tensor<7x17xf64>, tensor<7x17xf64>) {
  %y = nn.matmul %x, %w : (tensor<7x20xf64>, tensor<20x17xf64>) -> tensor<7x17xf64>
  %z = nn.sigmoid %y : tensor<7x17xf64>
  return %y, %z : tensor<7x17xf64>, tensor<7x17xf64>
}

// A mask that is made after the sum comes too late; one made before it does not.
// CHECK-LABEL: func.func @masked
func.func @masked(%x: tensor<6x12xf64>, %w: tensor<12x19xf64>, %m: tensor<6x19xf64>) -> tensor<6x19xf64> {
  %before = nn.exp %m : tensor<6x19xf64>
  %y = nn.matmul %x, %w : (tensor<6x12xf64>, tensor<12x19xf64>) -> tensor<6x19xf64>
  %1 = nn.mul %y, %before : tensor<6x19xf64>
  %turned = nn.transpose %1 permutation [1, 0] : (tensor<6x19xf64>) -> tensor<19x6xf64>
  %t = nn.matmul %1, %turned : (tensor<6x19xf64>, tensor<19x6xf64>) -> tensor<6x6xf64>
  %late = nn.matmul %t, %y : (tensor<6x6xf64>, tensor<6x19xf64>) -> tensor<6x19xf64>
  %2 = nn.add %1, %late : tensor<6x19xf64>
  return %2 : tensor<6x19xf64>
}

// A sum of one product.
// CHECK-LABEL: func.func @outer
func.func @outer(%x: tensor<5x1xf64>, %w: tensor<1x17xf64>) -> tensor<5x17xf64> {
  %y = nn.matmul %x, %w : (tensor<5x1xf64>, tensor<1x17xf64>) -> tensor<5x17xf64>
  %z = nn.tanh %y : tensor<5x17xf64>
  return %z : tensor<5x17xf64>
}

// Images whose padding the next convolution reads, 16 of the batch side by side and channels last.
// CHECK-LABEL: func.func @padded
func.func @padded(%x: tensor<16x1x9x9xf64>, %w: tensor<5x1x3x3xf64>, %b: tensor<5xf64>, %v: tensor<3x5x3x3xf64>) -> tensor<16x3x9x9xf64> attributes {test.large} {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x1x9x9xf64>, tensor<5x1x3x3xf64>) -> tensor<16x5x9x9xf64>
  %1 = nn.broadcast %b axes [0, 2, 3] sizes [16, 9, 9] : (tensor<5xf64>) -> tensor<16x5x9x9xf64>
  %2 = nn.add %y, %1 : tensor<16x5x9x9xf64>
  %3 = nn.tanh %2 : tensor<16x5x9x9xf64>
  %4 = nn.conv2d %3, %v stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<16x5x9x9xf64>, tensor<3x5x3x3xf64>) -> tensor<16x3x9x9xf64>
  %z = nn.tanh %4 : tensor<16x3x9x9xf64>
  return %z : tensor<16x3x9x9xf64>
}
func.func @padded_last(%x: tensor<3x3x11x11xf64>, %w: tensor<18x3x5x5xf64>, %v: tensor<17x18x1x1xf64>, %u: tensor<4x17x3x3xf64>) -> tensor<3x4x6x6xf64> attributes {test.large} {
  %y = nn.conv2d %x, %w stride [2, 2] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<3x3x11x11xf64>, tensor<18x3x5x5xf64>) -> tensor<3x18x6x6xf64>
  %1 = nn.tanh %y : tensor<3x18x6x6xf64>
  %2 = nn.conv2d %1, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<3x18x6x6xf64>, tensor<17x18x1x1xf64>) -> tensor<3x17x6x6xf64>
  %3 = nn.sigmoid %2 : tensor<3x17x6x6xf64>
  %z = nn.conv2d %3, %u stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<3x17x6x6xf64>, tensor<4x17x3x3xf64>) -> tensor<3x4x6x6xf64>
  return %z : tensor<3x4x6x6xf64>
}

// Convolutions by tiles put the results of a tile through it: a bias and a residual, an odd size.
// What becomes of them is the padded image of the next one.
// CHECK-LABEL: func.func @tiles
// CHECK:         call @kernel_[[N:[0-9]+]]_filter
// CHECK:         call @kernel_[[N]](
// CHECK-COUNT-2: call @kernel_{{[0-9]+}}(
// CHECK-NEXT:    return
func.func @tiles(%x: tensor<8x32x15x15xf64>, %w: tensor<32x32x3x3xf64>, %b: tensor<32xf64>, %v: tensor<32x32x3x3xf64>) -> tensor<8x32x15x15xf64> attributes {test.large} {
  %x1 = nn.neg %x : tensor<8x32x15x15xf64>
  %y = nn.conv2d %x1, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x15x15xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x15x15xf64>
  %1 = nn.broadcast %b axes [0, 2, 3] sizes [8, 15, 15] : (tensor<32xf64>) -> tensor<8x32x15x15xf64>
  %2 = nn.add %y, %1 : tensor<8x32x15x15xf64>
  %3 = nn.add %2, %x1 : tensor<8x32x15x15xf64>
  %4 = nn.tanh %3 : tensor<8x32x15x15xf64>
  %z = nn.conv2d %4, %v stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x15x15xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x15x15xf64>
  return %z : tensor<8x32x15x15xf64>
}

// The sums are kept, too.
// CHECK-LABEL: func.func @kept_tiles
// CHECK:         call @kernel_[[N:[0-9]+]]_filter
// CHECK:         call @kernel_[[N]](
// CHECK:         call @kernel_{{[0-9]+}}(
// CHECK:         call @kernel_[[M:[0-9]+]]_filter
func.func @kept_tiles(%x: tensor<8x32x16x16xf64>, %w: tensor<32x32x3x3xf64>, %v: tensor<32x32x3x3xf64>) -> tensor<8x32x16x16xf64> attributes {test.large} {
  %x1 = nn.neg %x : tensor<8x32x16x16xf64>
  %y = nn.conv2d %x1, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x16x16xf64>
  %1 = nn.tanh %y : tensor<8x32x16x16xf64>
  %2 = nn.conv2d %1, %v stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x16x16xf64>
  %z = nn.mul %2, %y : tensor<8x32x16x16xf64>
  return %z : tensor<8x32x16x16xf64>
}

// A gradient to data with a mask, and one to weights, which has no tail.
// CHECK-LABEL: func.func @gradients
func.func @gradients(%dy: tensor<8x32x16x16xf64>, %w: tensor<32x32x3x3xf64>, %x: tensor<8x32x16x16xf64>) -> (tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>) attributes {test.large} {
  %dy1 = nn.neg %dy : tensor<8x32x16x16xf64>
  %x1 = nn.exp %x : tensor<8x32x16x16xf64>
  %dx = nn.conv2d_grad_input %dy1, %w shape [8, 32, 16, 16] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x16x16xf64>
  %1 = nn.mul %dx, %x1 : tensor<8x32x16x16xf64>
  %2 = nn.conv2d %1, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>) -> tensor<8x32x16x16xf64>
  %dw = nn.conv2d_grad_weight %x1, %dy1 shape [32, 32, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf64>, tensor<8x32x16x16xf64>) -> tensor<32x32x3x3xf64>
  %3 = nn.tanh %dw : tensor<32x32x3x3xf64>
  return %2, %3 : tensor<8x32x16x16xf64>, tensor<32x32x3x3xf64>
}

// By rows of tiles, 16 of the batch side by side.
// CHECK-LABEL: func.func @rows
// CHECK:         call @kernel_[[N:[0-9]+]]_filter
// CHECK:         call @kernel_[[N]](
// CHECK-NEXT:    memref.view
func.func @rows(%x: tensor<32x6x14x14xf64>, %w: tensor<12x6x5x5xf64>, %b: tensor<12xf64>, %v: tensor<14x12x5x5xf64>) -> tensor<32x14x6x6xf64> attributes {test.large} {
  %x1 = nn.neg %x : tensor<32x6x14x14xf64>
  %y = nn.conv2d %x1, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x6x14x14xf64>, tensor<12x6x5x5xf64>) -> tensor<32x12x10x10xf64>
  %1 = nn.broadcast %b axes [0, 2, 3] sizes [32, 10, 10] : (tensor<12xf64>) -> tensor<32x12x10x10xf64>
  %2 = nn.add %y, %1 : tensor<32x12x10x10xf64>
  %3 = nn.tanh %2 : tensor<32x12x10x10xf64>
  %z = nn.conv2d %3, %v stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x12x10x10xf64>, tensor<14x12x5x5xf64>) -> tensor<32x14x6x6xf64>
  return %z : tensor<32x14x6x6xf64>
}
