// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// The gradient of weights between images with the batch in the lanes is 16 sums side by side, and
// their sum.

// CHECK-LABEL: func.func @f(
// CHECK:         %[[DW:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<6x4x3x3x16xf32>)
// CHECK:         linalg.generic {{.*}} "reduction"]} ins(%[[DW]] : tensor<6x4x3x3x16xf32>) outs(%{{.*}} : tensor<6x4x3x3xf32>)
func.func @f(%x: tensor<32x4x8x8xf32>, %dy: tensor<32x6x6x6xf32>) -> tensor<6x4x3x3xf32> {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %b = nn.neg %dy : tensor<32x6x6x6xf32>
  %dw = nn.conv2d_grad_weight %a, %b shape [6, 4, 3, 3] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<32x6x6x6xf32>) -> tensor<6x4x3x3xf32>
  return %dw : tensor<6x4x3x3xf32>
}
