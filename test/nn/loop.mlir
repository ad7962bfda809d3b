// RUN: dlc-opt %s -canonicalize | FileCheck %s

// What is the same in every turn is computed once: here a product of weights, but not what uses a carried value.
// CHECK-LABEL: func.func @hoisted
// CHECK: %[[product:.+]] = nn.matmul
// CHECK: nn.loop 3 carry(%{{.+}}) slices()
// CHECK-NOT: nn.matmul
// CHECK: nn.add %{{.+}}, %[[product]]
func.func @hoisted(%h0: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %end = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<2x2xf32>):
    %p = nn.matmul %w, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %next = nn.add %h, %p : tensor<2x2xf32>
    nn.yield %next : tensor<2x2xf32>
  } : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %end : tensor<2x2xf32>
}

// A product of a slice is made for all turns before the loop, and the turn takes its part.
// CHECK-LABEL: func.func @of_slices
// CHECK: %[[rows:.+]] = nn.reshape %arg0 shape [12, 2]
// CHECK: %[[product:.+]] = nn.matmul %[[rows]], %arg2
// CHECK: %[[all:.+]] = nn.reshape %[[product]] shape [3, 4, 5]
// CHECK: nn.loop 3 carry(%arg1) slices(%[[all]])
// CHECK-NOT: nn.matmul
func.func @of_slices(%x: tensor<3x4x2xf32>, %h0: tensor<4x5xf32>, %w: tensor<2x5xf32>) -> tensor<4x5xf32> {
  %end = nn.loop 3 carry(%h0) slices(%x) {
  ^turn(%h: tensor<4x5xf32>, %part: tensor<4x2xf32>):
    %p = nn.matmul %part, %w : (tensor<4x2xf32>, tensor<2x5xf32>) -> tensor<4x5xf32>
    %next = nn.add %h, %p : tensor<4x5xf32>
    nn.yield %next : tensor<4x5xf32>
  } : (tensor<4x5xf32>, tensor<3x4x2xf32>) -> tensor<4x5xf32>
  return %end : tensor<4x5xf32>
}

// A product that no later turn needs is made after it, of what is stacked.
// CHECK-LABEL: func.func @after
// CHECK: %[[loop:.+]]:2 = nn.loop 3
// CHECK-NOT: nn.matmul
// CHECK: } :
// CHECK: %[[rows:.+]] = nn.reshape %[[loop]]#1 shape [12, 5]
// CHECK: nn.matmul %[[rows]], %arg1
func.func @after(%h0: tensor<4x5xf32>, %w: tensor<5x2xf32>) -> tensor<3x4x2xf32> {
  %end:2 = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<4x5xf32>):
    %next = nn.tanh %h : tensor<4x5xf32>
    %y = nn.matmul %next, %w : (tensor<4x5xf32>, tensor<5x2xf32>) -> tensor<4x2xf32>
    nn.yield %next, %y : tensor<4x5xf32>, tensor<4x2xf32>
  } : (tensor<4x5xf32>) -> (tensor<4x5xf32>, tensor<3x4x2xf32>)
  return %end#1 : tensor<3x4x2xf32>
}

// A product that the next turn needs stays.
// CHECK-LABEL: func.func @needed
// CHECK: nn.loop 3
// CHECK: nn.matmul
// CHECK: nn.yield
func.func @needed(%h0: tensor<4x5xf32>, %w: tensor<5x5xf32>) -> tensor<3x4x5xf32> {
  %end:2 = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<4x5xf32>):
    %y = nn.matmul %h, %w : (tensor<4x5xf32>, tensor<5x5xf32>) -> tensor<4x5xf32>
    nn.yield %y, %y : tensor<4x5xf32>, tensor<4x5xf32>
  } : (tensor<4x5xf32>) -> (tensor<4x5xf32>, tensor<3x4x5xf32>)
  return %end#1 : tensor<3x4x5xf32>
}

// Products added up over the turns are one product; the sum is carried no more.
// CHECK-LABEL: func.func @sums
// CHECK-NOT: nn.loop
// CHECK-DAG: %[[x:.+]] = nn.reshape %arg0 shape [12, 2]
// CHECK-DAG: %[[t:.+]] = nn.transpose %[[x]] permutation [1, 0]
// CHECK-DAG: %[[dy:.+]] = nn.reshape %arg1 shape [12, 5]
// CHECK: nn.matmul %[[t]], %[[dy]]
func.func @sums(%x: tensor<3x4x2xf32>, %dy: tensor<3x4x5xf32>) -> tensor<2x5xf32> {
  %zero = nn.constant dense<0.0> : tensor<2x5xf32>
  %dw = nn.loop 3 carry(%zero) slices(%x, %dy) {
  ^turn(%sum: tensor<2x5xf32>, %part: tensor<4x2xf32>, %d: tensor<4x5xf32>):
    %t = nn.transpose %part permutation [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
    %p = nn.matmul %t, %d : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
    %next = nn.add %sum, %p : tensor<2x5xf32>
    nn.yield %next : tensor<2x5xf32>
  } : (tensor<2x5xf32>, tensor<3x4x2xf32>, tensor<3x4x5xf32>) -> tensor<2x5xf32>
  return %dw : tensor<2x5xf32>
}

// What nothing needs is neither carried nor taken nor stacked.
// CHECK-LABEL: func.func @unused
// CHECK: nn.loop 3 carry(%arg0) slices(%arg2) {
// CHECK-NEXT: ^bb0(%[[h:.+]]: tensor<2xf32>, %[[part:.+]]: tensor<2xf32>):
// CHECK-NEXT: %[[next:.+]] = nn.mul %[[h]], %[[part]]
// CHECK-NEXT: nn.yield %[[next]] : tensor<2xf32>
func.func @unused(%h0: tensor<2xf32>, %g0: tensor<2xf32>, %x: tensor<3x2xf32>, %z: tensor<3x2xf32>) -> tensor<2xf32> {
  %end:3 = nn.loop 3 carry(%h0, %g0) slices(%x, %z) {
  ^turn(%h: tensor<2xf32>, %g: tensor<2xf32>, %part: tensor<2xf32>, %other: tensor<2xf32>):
    %next = nn.mul %h, %part : tensor<2xf32>
    %lost = nn.add %g, %other : tensor<2xf32>
    nn.yield %next, %lost, %lost : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  } : (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>)
  return %end#0 : tensor<2xf32>
}

// What is handed on unchanged is the same before and after.
// CHECK-LABEL: func.func @unchanged
// CHECK-NOT: nn.loop
// CHECK: return %arg0, %arg1
func.func @unchanged(%h0: tensor<2xf32>, %x: tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  %end:2 = nn.loop 3 carry(%h0) slices(%x) {
  ^turn(%h: tensor<2xf32>, %part: tensor<2xf32>):
    nn.yield %h, %part : tensor<2xf32>, tensor<2xf32>
  } : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>)
  return %end#0, %end#1 : tensor<2xf32>, tensor<3x2xf32>
}
