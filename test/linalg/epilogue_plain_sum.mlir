// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// Only sums of products have epilogues: what reads a plain sum is a nest of its own.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @f(%x: tensor<16x8xf32>) -> tensor<8xf32> {
  %s = nn.reduce_sum %x axes [0] : (tensor<16x8xf32>) -> tensor<8xf32>
  %y = nn.tanh %s : tensor<8xf32>
  return %y : tensor<8xf32>
}
