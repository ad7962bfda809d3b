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
