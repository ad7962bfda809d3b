// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// Images of fewer than 16 channels between two operations have 16 of the batch side by side, if it
// is a multiple of 16. The loop over the batch becomes one over blocks and one over lanes.

// CHECK-DAG:   #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d5, d2 + d6, d3 + d7, d4)>
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: tensor<32x4x8x8xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : tensor<32x4x8x8xf32>) outs(%{{.*}} : tensor<2x4x8x8x16xf32>)
// CHECK:         linalg.generic {indexing_maps = [#[[IMAGE]],
// CHECK-SAME:      outs(%{{.*}} : tensor<2x6x6x6x16xf32>)
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<32x6x6x6xf32>)
func.func @f(%x: tensor<32x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32> {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32>
  %b = nn.neg %y : tensor<32x6x6x6xf32>
  return %b : tensor<32x6x6x6xf32>
}
