// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// A reshape that leaves the batch alone takes lanes along, as an axis of their own. With the
// channels last it would change the order of the elements: what is reshaped stays as it is.

// CHECK-LABEL: func.func @lanes(
// CHECK:         tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3], [4]] : tensor<2x6x6x6x16xf32> into tensor<2x216x16xf32>
func.func @lanes(%x: tensor<32x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<32x216xf32> {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32>
  %f = nn.reshape %y shape [32, 216] : (tensor<32x6x6x6xf32>) -> tensor<32x216xf32>
  %b = nn.neg %f : tensor<32x216xf32>
  return %b : tensor<32x216xf32>
}

// CHECK-LABEL: func.func @channels(
// CHECK:         tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]] : tensor<2x32x6x6xf32> into tensor<2x1152xf32>
func.func @channels(%x: tensor<2x16x8x8xf32>, %w: tensor<32x16x3x3xf32>) -> tensor<2x1152xf32> {
  %a = nn.neg %x : tensor<2x16x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x16x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<2x32x6x6xf32>
  %f = nn.reshape %y shape [2, 1152] : (tensor<2x32x6x6xf32>) -> tensor<2x1152xf32>
  %b = nn.neg %f : tensor<2x1152xf32>
  return %b : tensor<2x1152xf32>
}
