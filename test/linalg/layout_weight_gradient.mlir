// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// The gradient of weights between images with the channels last is made in their packed order, the
// channels of dy last, and moved back.

// CHECK-DAG:   #[[BACK:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3, d1, d0)>
// CHECK-LABEL: func.func @f(
// CHECK:         %[[DW:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x8x8x16xf32>, tensor<2x6x6x32xf32>)
// CHECK-SAME:      outs(%{{.*}} : tensor<3x3x16x32xf32>)
// CHECK:         linalg.generic {indexing_maps = [#[[BACK]],
// CHECK-SAME:      ins(%[[DW]] : tensor<3x3x16x32xf32>) outs(%{{.*}} : tensor<32x16x3x3xf32>)
func.func @f(%x: tensor<2x16x8x8xf32>, %dy: tensor<2x32x6x6xf32>) -> tensor<32x16x3x3xf32> {
  %a = nn.neg %x : tensor<2x16x8x8xf32>
  %b = nn.neg %dy : tensor<2x32x6x6xf32>
  %dw = nn.conv2d_grad_weight %a, %b shape [32, 16, 3, 3] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x16x8x8xf32>, tensor<2x32x6x6xf32>) -> tensor<32x16x3x3xf32>
  return %dw : tensor<32x16x3x3xf32>
}
