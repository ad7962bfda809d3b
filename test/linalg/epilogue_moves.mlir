// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// The epilogue moves right behind its sum, before what stood between them.

// CHECK-LABEL: func.func @f(
// CHECK:         linalg.generic {{.*}}"reduction"]}
// CHECK:         linalg.generic {{.*}}dlc.epilogue
// CHECK:           math.tanh
// CHECK:         linalg.generic
// CHECK:           math.exp
func.func @f(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %o: tensor<4x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %e = nn.exp %o : tensor<4x8xf32>
  %y = nn.tanh %s : tensor<4x8xf32>
  return %e, %y : tensor<4x8xf32>, tensor<4x8xf32>
}
