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
