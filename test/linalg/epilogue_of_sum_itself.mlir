// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// What needs more of the sums than one at a time is no epilogue: here their maxima by rows.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @f(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>) -> tensor<4x8xf32> {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %m = nn.reduce_max %s axes [1] : (tensor<4x8xf32>) -> tensor<4xf32>
  %b = nn.broadcast %m axes [1] sizes [8] : (tensor<4xf32>) -> tensor<4x8xf32>
  %y = nn.sub %s, %b : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
