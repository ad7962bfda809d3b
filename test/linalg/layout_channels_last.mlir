// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// Images of 16 channels and more between two operations lie with the channels last, and so do the
// zeros around them. Arguments and results stay as they are.

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: tensor<2x16x8x8xf32>, %[[W:.*]]: tensor<32x16x3x3xf32>) -> tensor<2x32x8x8xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : tensor<2x16x8x8xf32>) outs(%{{.*}} : tensor<2x8x8x16xf32>)
// CHECK:         tensor.insert_slice %{{.*}}[0, 1, 1, 0] [2, 8, 8, 16] [1, 1, 1, 1]
// CHECK-SAME:      into tensor<2x10x10x16xf32>
// CHECK:         linalg.generic {{.*}}dlc.convolution
// CHECK:           -> tensor<2x8x8x32xf32>
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<2x32x8x8xf32>)
func.func @f(%x: tensor<2x16x8x8xf32>, %w: tensor<32x16x3x3xf32>) -> tensor<2x32x8x8xf32> {
  %a = nn.neg %x : tensor<2x16x8x8xf32>
  %y = nn.conv2d %a, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x16x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<2x32x8x8xf32>
  %b = nn.neg %y : tensor<2x32x8x8xf32>
  return %b : tensor<2x32x8x8xf32>
}
