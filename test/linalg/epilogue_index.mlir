// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// What asks for its index, as dropout's mask does, is no epilogue.

// CHECK-LABEL: func.func @f(
// CHECK-NOT:     dlc.epilogue
// CHECK:         return
func.func @f(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %key: tensor<4xi32>) -> tensor<4x8xf32> {
  %s = nn.matmul %x, %w : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  %r = nn.random_uniform %key shape [4, 8] stream 0 element f32 : (tensor<4xi32>) -> tensor<4x8xf32>
  %y = nn.mul %s, %r : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
