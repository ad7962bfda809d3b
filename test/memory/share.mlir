// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize -dlc-share-loops | FileCheck %s

// Rows of a batch of 32 that go their own way through all turns: four groups of eight, and of each buffer a group's
// part. The product's weights are whole.

// CHECK-LABEL: func.func @recurrence
// CHECK: scf.for %[[GROUP:.*]] = %{{.*}} to %c4
// CHECK:   scf.for %{{.*}} = %{{.*}} to %c5
// CHECK:     arith.muli %[[GROUP]], %c128
// CHECK:     linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : memref<8x4xf32>, memref<4x4xf32>) outs(%{{.*}} : memref<8x4xf32>)
// CHECK:   } {dlc.shared}
// CHECK-NOT: dlc.shared
func.func @recurrence(%x: tensor<5x32x4xf32>, %h0: tensor<32x4xf32>, %w: tensor<4x4xf32>) -> tensor<32x4xf32> {
  %h = nn.loop 5 carry(%h0) slices(%x) {
  ^turn(%h: tensor<32x4xf32>, %xt: tensor<32x4xf32>):
    %p = nn.matmul %h, %w : (tensor<32x4xf32>, tensor<4x4xf32>) -> tensor<32x4xf32>
    %s = nn.add %p, %xt : tensor<32x4xf32>
    %t = nn.tanh %s : tensor<32x4xf32>
    nn.yield %t : tensor<32x4xf32>
  } : (tensor<32x4xf32>, tensor<5x32x4xf32>) -> tensor<32x4xf32>
  return %h : tensor<32x4xf32>
}

// -----

// A sum over the rows, or rows that trade places, need all of them in each turn.

// CHECK-LABEL: func.func @sum
// CHECK-NOT: dlc.shared
func.func @sum(%h0: tensor<32x4xf32>) -> tensor<32x4xf32> {
  %h = nn.loop 5 carry(%h0) slices() {
  ^turn(%h: tensor<32x4xf32>):
    %s = nn.reduce_sum %h axes [0] : (tensor<32x4xf32>) -> tensor<4xf32>
    %b = nn.broadcast %s axes [0] sizes [32] : (tensor<4xf32>) -> tensor<32x4xf32>
    %t = nn.tanh %b : tensor<32x4xf32>
    nn.yield %t : tensor<32x4xf32>
  } : (tensor<32x4xf32>) -> tensor<32x4xf32>
  return %h : tensor<32x4xf32>
}

// -----

// CHECK-LABEL: func.func @flip
// CHECK-NOT: dlc.shared
func.func @flip(%h0: tensor<32x4xf32>) -> tensor<32x4xf32> {
  %h = nn.loop 5 carry(%h0) slices() {
  ^turn(%h: tensor<32x4xf32>):
    %f = nn.flip %h axes [0] : (tensor<32x4xf32>) -> tensor<32x4xf32>
    %t = nn.tanh %f : tensor<32x4xf32>
    nn.yield %t : tensor<32x4xf32>
  } : (tensor<32x4xf32>) -> tensor<32x4xf32>
  return %h : tensor<32x4xf32>
}

// -----

// CHECK-LABEL: func.func @transposed
// CHECK-NOT: dlc.shared
func.func @transposed(%h0: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %h = nn.loop 5 carry(%h0) slices() {
  ^turn(%h: tensor<32x32xf32>):
    %f = nn.transpose %h permutation [1, 0] : (tensor<32x32xf32>) -> tensor<32x32xf32>
    %t = nn.add %f, %h : tensor<32x32xf32>
    nn.yield %t : tensor<32x32xf32>
  } : (tensor<32x32xf32>) -> tensor<32x32xf32>
  return %h : tensor<32x32xf32>
}

// -----

// Batches of fewer than sixteen rows are not worth parting.

// CHECK-LABEL: func.func @few
// CHECK-NOT: dlc.shared
func.func @few(%h0: tensor<15x4xf32>) -> tensor<15x4xf32> {
  %h = nn.loop 5 carry(%h0) slices() {
  ^turn(%h: tensor<15x4xf32>):
    %t = nn.tanh %h : tensor<15x4xf32>
    nn.yield %t : tensor<15x4xf32>
  } : (tensor<15x4xf32>) -> tensor<15x4xf32>
  return %h : tensor<15x4xf32>
}

// -----

// A guard: where a turn ends, zeros go where it would have stacked; a thread looks at its own rows of the mask.

// CHECK-LABEL: func.func @guarded
// CHECK: scf.for %[[GROUP:.*]] = %{{.*}} to %c4
// CHECK:   scf.for %{{.*}} = %{{.*}} to %c5
// CHECK:     dlc.guard %{{.*}} : memref<8xi8> {
// CHECK:       linalg.generic {{.*}} outs(%{{.*}} : memref<8x4xf32>)
// CHECK:     }
// CHECK:     linalg.generic
// CHECK:   } {dlc.shared}
func.func @guarded(%m: tensor<5x32xi1>, %h0: tensor<32x4xf32>) -> (tensor<32x4xf32>, tensor<5x32x4xf32>) {
  %h:2 = nn.loop 5 carry(%h0) slices(%m) {
  ^turn(%h: tensor<32x4xf32>, %mt: tensor<32xi1>):
    nn.guard %mt : tensor<32xi1>
    %z = nn.constant dense<0.0> : tensor<32x4xf32>
    %wide = nn.broadcast %mt axes [1] sizes [4] : (tensor<32xi1>) -> tensor<32x4xi1>
    %t = nn.tanh %h : tensor<32x4xf32>
    %next = nn.select %wide, %t, %h : tensor<32x4xi1>, tensor<32x4xf32>
    %y = nn.select %wide, %t, %z : tensor<32x4xi1>, tensor<32x4xf32>
    nn.yield %next, %y : tensor<32x4xf32>, tensor<32x4xf32>
  } : (tensor<32x4xf32>, tensor<5x32xi1>) -> (tensor<32x4xf32>, tensor<5x32x4xf32>)
  return %h#0, %h#1 : tensor<32x4xf32>, tensor<5x32x4xf32>
}
