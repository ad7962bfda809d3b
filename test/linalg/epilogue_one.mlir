// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// A sum has one epilogue, the first that can be one; its other readers read the sums.

// CHECK-LABEL: func.func @f(
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}}"reduction"]}
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]] : {{.*}}dlc.epilogue
// CHECK:           math.tanh
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @f(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %y = nn.tanh %s : tensor<4x8xf32>
  %z = nn.exp %s : tensor<4x8xf32>
  return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
}
