// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -canonicalize -dlc-tidy -dlc-epilogues | FileCheck %s

// A product of rows that are seen along a batch and a sequence has both axes itself, and what goes on from it along
// them is its epilogue.

// CHECK-LABEL: func.func @f(
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}}"parallel", "parallel", "parallel", "reduction"]} ins(%{{.*}}, %{{.*}} : tensor<4x6x16xf32>, tensor<16x8xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]], %{{.*}} : tensor<4x6x8xf32>, tensor<8xf32>) {{.*}}dlc.epilogue
func.func @f(%x: tensor<4x6x16xf32>, %w: tensor<16x8xf32>, %b: tensor<8xf32>) -> tensor<4x6x8xf32> {
  %rows = nn.reshape %x shape [24, 16] : (tensor<4x6x16xf32>) -> tensor<24x16xf32>
  %s = nn.matmul %rows, %w : (tensor<24x16xf32>, tensor<16x8xf32>) -> tensor<24x8xf32>
  %all = nn.reshape %s shape [4, 6, 8] : (tensor<24x8xf32>) -> tensor<4x6x8xf32>
  %wide = nn.broadcast %b axes [0, 1] sizes [4, 6] : (tensor<8xf32>) -> tensor<4x6x8xf32>
  %z = nn.add %all, %wide : tensor<4x6x8xf32>
  %y = nn.tanh %z : tensor<4x6x8xf32>
  return %y : tensor<4x6x8xf32>
}
