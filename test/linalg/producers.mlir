// RUN: dlc-opt %s -split-input-file -dlc-linalg | FileCheck %s

// A bias and an activation are one nest.

// CHECK-LABEL: func.func @bias_and_tanh
// CHECK-COUNT-1: linalg.generic
// CHECK:           arith.addf
// CHECK:           math.tanh
// CHECK-NOT:     linalg.generic
func.func @bias_and_tanh(%z: tensor<5x7xf32>, %b: tensor<7xf32>) -> tensor<5x7xf32> {
  %wide = nn.broadcast %b axes [0] sizes [5] : (tensor<7xf32>) -> tensor<5x7xf32>
  %sum = nn.add %z, %wide : tensor<5x7xf32>
  %y = nn.tanh %sum : tensor<5x7xf32>
  return %y : tensor<5x7xf32>
}

// -----

// What feeds a sum is computed in the sum's nest.

// CHECK-LABEL: func.func @sum_of_squares
// CHECK-COUNT-1: linalg.generic
// CHECK:           arith.mulf
// CHECK:           arith.addf
// CHECK-NOT:     linalg.generic
func.func @sum_of_squares(%x: tensor<5x7xf32>) -> tensor<5xf32> {
  %square = nn.mul %x, %x : tensor<5x7xf32>
  %y = nn.reduce_sum %square axes [1] : (tensor<5x7xf32>) -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// A transposition is only another way to read; a function is not computed again for every use of
// its element in a product.

// CHECK-LABEL: func.func @product
// CHECK:         linalg.generic
// CHECK:           math.exp
// CHECK:         linalg.generic
// CHECK-SAME:      "reduction"
// CHECK-NOT:     linalg.generic
func.func @product(%a: tensor<7x5xf32>, %b: tensor<7x3xf32>) -> tensor<5x3xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<7x5xf32>) -> tensor<5x7xf32>
  %e = nn.exp %b : tensor<7x3xf32>
  %y = nn.matmul %at, %e : (tensor<5x7xf32>, tensor<7x3xf32>) -> tensor<5x3xf32>
  return %y : tensor<5x3xf32>
}

// -----

// An optimizer's new velocity and the weights that use it leave one nest together.

// CHECK-LABEL: func.func @momentum
// CHECK:         %[[BOTH:.*]]:2 = linalg.generic
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[BOTH]]#{{.}}, %[[BOTH]]#{{.}}
func.func @momentum(%w: tensor<64xf32>, %g: tensor<64xf32>, %v: tensor<64xf32>, %mu: tensor<64xf32>)
    -> (tensor<64xf32>, tensor<64xf32>) {
  %kept = nn.mul %mu, %v : tensor<64xf32>
  %next = nn.add %kept, %g : tensor<64xf32>
  %root = nn.sqrt %next : tensor<64xf32>
  %new = nn.sub %w, %root : tensor<64xf32>
  return %new, %next : tensor<64xf32>, tensor<64xf32>
}

// -----

// What can be done to a sum of products as it stands is its tail, and no part of a pool behind it.

// CHECK-LABEL: func.func @pooled
// CHECK:         linalg.generic
// CHECK:           arith.mulf
// CHECK:         linalg.generic
// CHECK-SAME:      dlc.epilogue = #dlc.epilogue<input = 0, sum = dropped>
// CHECK:           arith.addf
// CHECK:           math.tanh
// CHECK:         linalg.generic
// CHECK-SAME:      "reduction"
// CHECK-NOT:       math.tanh
// CHECK:         return
func.func @pooled(%x: tensor<2x3x8x8xf32>, %w: tensor<5x3x3x3xf32>, %b: tensor<5xf32>) -> tensor<2x5x3x3xf32> {
  %z = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x3x8x8xf32>, tensor<5x3x3x3xf32>) -> tensor<2x5x6x6xf32>
  %wide = nn.broadcast %b axes [0, 2, 3] sizes [2, 6, 6] : (tensor<5xf32>) -> tensor<2x5x6x6xf32>
  %s = nn.add %z, %wide : tensor<2x5x6x6xf32>
  %a = nn.tanh %s : tensor<2x5x6x6xf32>
  %y = nn.avg_pool2d %a kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<2x5x6x6xf32>) -> tensor<2x5x3x3xf32>
  return %y : tensor<2x5x3x3xf32>
}
