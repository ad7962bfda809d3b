// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// What is computed point by point from an image with the batch in the lanes has it there, too: here
// an image of its own, which no convolution reads.

// CHECK-LABEL: func.func @f(
// CHECK:         linalg.generic {{.*}}dlc.convolution
// CHECK:         %[[B:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<2x6x6x6x16xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[B]] : tensor<2x6x6x6x16xf32>) outs(%{{.*}} : tensor<32x6xf32>)
func.func @f(%x: tensor<32x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> (tensor<32x6x6x6xf32>, tensor<32x6xf32>) {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32>
  %b = nn.exp %y : tensor<32x6x6x6xf32>
  %s = nn.reduce_sum %b axes [2, 3] : (tensor<32x6x6x6xf32>) -> tensor<32x6xf32>
  %c = nn.neg %b : tensor<32x6x6x6xf32>
  return %c, %s : tensor<32x6x6x6xf32>, tensor<32x6xf32>
}
