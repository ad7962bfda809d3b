// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-layout | FileCheck %s

// Without a convolution nobody wants another layout.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     tensor<32x8x8x16xf32>
// CHECK:         return
func.func @f(%x: tensor<32x16x8x8xf32>) -> tensor<32x16x8x8xf32> {
  %a = nn.exp %x : tensor<32x16x8x8xf32>
  %s = nn.reduce_sum %a axes [0] : (tensor<32x16x8x8xf32>) -> tensor<16x8x8xf32>
  %t = nn.broadcast %s axes [0] sizes [32] : (tensor<16x8x8xf32>) -> tensor<32x16x8x8xf32>
  %b = nn.mul %a, %t : tensor<32x16x8x8xf32>
  return %b : tensor<32x16x8x8xf32>
}
