// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// Where one side of a convolution has few channels and the other 32 or more, its vectors are full:
// the batch stays out of the lanes.

// CHECK-LABEL: func.func @f(
// CHECK:         linalg.generic {{.*}}dlc.convolution
// CHECK:           -> tensor<32x6x6x32xf32>
// CHECK-NOT:     tensor<2x
func.func @f(%x: tensor<32x4x8x8xf32>, %w: tensor<32x4x3x3xf32>) -> tensor<32x32x6x6xf32> {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<32x4x3x3xf32>) -> tensor<32x32x6x6xf32>
  %b = nn.neg %y : tensor<32x32x6x6xf32>
  return %b : tensor<32x32x6x6xf32>
}
