// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// A convolution by lanes that reads an argument reads a copy of it with the batch in the lanes.

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: tensor<32x1x8x8xf32>
// CHECK:         %[[COPY:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<32x1x8x8xf32>) outs(%{{.*}} : tensor<2x1x8x8x16xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[COPY]], %{{.*}}dlc.convolution
func.func @f(%x: tensor<32x1x8x8xf32>, %w: tensor<6x1x3x3xf32>) -> tensor<32x6x6x6xf32> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x1x8x8xf32>, tensor<6x1x3x3xf32>) -> tensor<32x6x6x6xf32>
  %b = nn.neg %y : tensor<32x6x6x6xf32>
  return %b : tensor<32x6x6x6xf32>
}
