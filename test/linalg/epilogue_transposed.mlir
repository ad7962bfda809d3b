// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// What reads the sums in another order, or beside them something across its rows, is no epilogue.

// CHECK-LABEL: func.func @sums(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @sums(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>) -> tensor<8x4xf32> {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %t = nn.transpose %s permutation [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %y = nn.tanh %t : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @other(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @other(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %o: tensor<8x4xf32>) -> tensor<4x8xf32> {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %t = nn.transpose %o permutation [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %y = nn.add %s, %t : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
