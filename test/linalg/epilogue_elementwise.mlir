// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// A bias and an activation behind a matrix product are its epilogue, whose input 0 is the sum.

// CHECK-LABEL: func.func @f(
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}}"reduction"]}
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]], %{{.*}} : tensor<4x8xf32>, tensor<8xf32>) {{.*}}dlc.epilogue
func.func @f(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %bias: tensor<8xf32>) -> tensor<4x8xf32> {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %b = nn.broadcast %bias axes [0] sizes [4] : (tensor<8xf32>) -> tensor<4x8xf32>
  %a = nn.add %s, %b : tensor<4x8xf32>
  %y = nn.tanh %a : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
