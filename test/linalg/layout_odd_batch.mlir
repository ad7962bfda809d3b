// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// A batch that is no multiple of 16 does not go into the lanes: images of few channels stay as they
// are.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     x16xf32>
// CHECK:         return
func.func @f(%x: tensor<24x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<24x6x6x6xf32> {
  %a = nn.neg %x : tensor<24x4x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<24x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<24x6x6x6xf32>
  %b = nn.neg %y : tensor<24x6x6x6xf32>
  return %b : tensor<24x6x6x6xf32>
}
