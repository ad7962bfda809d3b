// RUN: dlc-opt %s -split-input-file -dlc-linalg | FileCheck %s

// The gradient of a small filter is a sum over far more than it is: it becomes eight sums, each over
// an eighth of the batch, and their sum, in order.

// CHECK-DAG:   #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0 * 16 + d5,
// CHECK-LABEL: func.func @filter
// CHECK:         linalg.generic {indexing_maps = [#[[IMAGE]],
// CHECK:           -> tensor<8x3x3x16x16xf32>
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel", "parallel"]}
// CHECK:           -> tensor<3x3x16x16xf32>
func.func @filter(%x: tensor<128x16x32x32xf32>, %dy: tensor<128x16x32x32xf32>) -> tensor<16x16x3x3xf32> {
  %a = nn.neg %x : tensor<128x16x32x32xf32>
  %b = nn.neg %dy : tensor<128x16x32x32xf32>
  %dw = nn.conv2d_grad_weight %a, %b shape [16, 16, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<128x16x32x32xf32>, tensor<128x16x32x32xf32>) -> tensor<16x16x3x3xf32>
  return %dw : tensor<16x16x3x3xf32>
}

// -----

// A batch of eight: an image for each part.

// CHECK-LABEL: func.func @eight
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel", "parallel"]}
// CHECK-SAME:      ins({{.*}} : tensor<8x1x1x256x64xf32>)
func.func @eight(%x: tensor<8x256x56x56xf32>, %dy: tensor<8x64x56x56xf32>) -> tensor<64x256x1x1xf32> {
  %a = nn.neg %x : tensor<8x256x56x56xf32>
  %b = nn.neg %dy : tensor<8x64x56x56xf32>
  %dw = nn.conv2d_grad_weight %a, %b shape [64, 256, 1, 1] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<8x256x56x56xf32>, tensor<8x64x56x56xf32>) -> tensor<64x256x1x1xf32>
  return %dw : tensor<64x256x1x1xf32>
}

// -----

// A large product has enough columns to cut, and its sums would be larger than what it reads.

// CHECK-LABEL: func.func @product
// CHECK-NOT:     tensor<8x
// CHECK:         return
func.func @product(%a: tensor<64x1024xf32>, %b: tensor<1024x4096xf32>) -> tensor<64x4096xf32> {
  %y = nn.matmul %a, %b : (tensor<64x1024xf32>, tensor<1024x4096xf32>) -> tensor<64x4096xf32>
  return %y : tensor<64x4096xf32>
}

// -----

// Few numbers are added up where they are.

// CHECK-LABEL: func.func @short
// CHECK-NOT:     tensor<8xf32>
// CHECK:         return
func.func @short(%x: tensor<64x4xf32>) -> tensor<4xf32> {
  %y = nn.reduce_sum %x axes [0] : (tensor<64x4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// The gradient of weights over all steps of a loop is larger than that of a filter, so that eight
// partial sums would cost too much: it becomes two sums, each over half of the batch.

// CHECK-LABEL: func.func @weights
// CHECK:         linalg.generic
// CHECK:           -> tensor<2x128x384xf32>
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel"]}
// CHECK:           -> tensor<128x384xf32>
func.func @weights(%x: tensor<3200x128xf32>, %dy: tensor<3200x384xf32>) -> tensor<128x384xf32> {
  %t = nn.transpose %x permutation [1, 0] : (tensor<3200x128xf32>) -> tensor<128x3200xf32>
  %dw = nn.matmul %t, %dy : (tensor<128x3200xf32>, tensor<3200x384xf32>) -> tensor<128x384xf32>
  return %dw : tensor<128x384xf32>
}
