// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// A body that asks which sample it computes, as dropout's does, gets 16 * block + lane.

// CHECK-LABEL: func.func @f(
// CHECK:         %[[BLOCK:.*]] = linalg.index 0
// CHECK:         %[[SIXTEEN:.*]] = arith.constant 16
// CHECK:         %[[FIRST:.*]] = arith.muli %[[BLOCK]], %[[SIXTEEN]]
// CHECK:         %[[LANE:.*]] = linalg.index 4
// CHECK:         arith.addi %[[FIRST]], %[[LANE]]
func.func @f(%x: tensor<32x4x8x8xf32>, %w: tensor<6x4x3x3xf32>, %key: tensor<4xi32>) -> tensor<32x6x6x6xf32> {
  %a = nn.neg %x : tensor<32x4x8x8xf32>
  %r = nn.random_uniform %key shape [32, 4, 8, 8] stream 0 element f32 : (tensor<4xi32>) -> tensor<32x4x8x8xf32>
  %m = nn.mul %a, %r : tensor<32x4x8x8xf32>
  %y = nn.conv2d %m, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32>
  %b = nn.neg %y : tensor<32x6x6x6xf32>
  return %b : tensor<32x6x6x6xf32>
}

// A nest without inputs stays as it is.

// CHECK-LABEL: func.func @nothing(
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<32x3xi32>)
func.func @nothing(%x: tensor<32x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> (tensor<32x6x6x6xf32>, tensor<32x3xi32>) {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<32x6x6x6xf32>
  %zero = nn.constant dense<0.0> : tensor<32x3xf32>
  %n = nn.cast %zero to i32 : tensor<32x3xf32>
  return %y, %n : tensor<32x6x6x6xf32>, tensor<32x3xi32>
}
