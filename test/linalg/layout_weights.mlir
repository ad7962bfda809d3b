// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// The weights of a convolution whose result has its channels last are packed to fit: rows and
// columns first, the result's channels last.

// CHECK-DAG:   #[[PACKED:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d2, d0, d1)>
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %{{.*}}, %[[W:.*]]: tensor<32x16x3x3xf32>
// CHECK:         %[[P:.*]] = linalg.generic {indexing_maps = [#[[PACKED]],
// CHECK-SAME:      ins(%[[W]] : tensor<32x16x3x3xf32>) outs(%{{.*}} : tensor<3x3x16x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %[[P]] : tensor<2x8x8x16xf32>, tensor<3x3x16x32xf32>)
func.func @f(%x: tensor<2x16x8x8xf32>, %w: tensor<32x16x3x3xf32>) -> tensor<2x32x6x6xf32> {
  %a = nn.neg %x : tensor<2x16x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x16x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<2x32x6x6xf32>
  %b = nn.neg %y : tensor<2x32x6x6xf32>
  return %b : tensor<2x32x6x6xf32>
}
