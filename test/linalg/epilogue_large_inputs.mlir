// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// What reads something as large as the sums, which is made behind them, is no epilogue: that would
// have to be made earlier and kept meanwhile.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @f(%x: tensor<16x16xf32>, %w: tensor<16x8xf32>, %o: tensor<4x16x8xf32>) -> tensor<16x8xf32> {
  %s = nn.matmul %x, %w : (tensor<16x16xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  %t = nn.reduce_sum %o axes [0] : (tensor<4x16x8xf32>) -> tensor<16x8xf32>
  %y = nn.mul %s, %t : tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}
