// RUN: dlc-opt %s -split-input-file -dlc-differentiate | FileCheck %s

// The gradient of a loop runs back. The loop saves h before each turn and tanh's result; it takes its slices again,
// and makes the transposed weight again. What the loss asks of the weight adds up over the turns.

// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<5x2x3xf32>
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3x3xf32>
// CHECK:         %[[FORWARD:.*]]:3 = nn.loop 5 carry(%{{.*}}) slices(%[[X]])
// CHECK:           %[[NEXT:.*]] = nn.tanh
// CHECK-NEXT:      nn.yield %[[NEXT]], %[[NEXT]], %{{.*}} : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
// CHECK:         %[[BACK:.*]]:2 = nn.loop 5 reversed carry(%{{.*}}, %{{.*}}) slices(%[[FORWARD]]#1, %[[FORWARD]]#2)
// CHECK-NEXT:      ^bb0(%[[DH:.*]]: tensor<2x3xf32>, %[[DW:.*]]: tensor<3x3xf32>,
// CHECK:           %[[SUM:.*]] = nn.add %[[DW]]
// CHECK-NEXT:      nn.yield %{{.*}}, %[[SUM]] : tensor<2x3xf32>, tensor<3x3xf32>
// CHECK:         return %{{.*}}, %[[BACK]]#1
func.func @train(%x: tensor<5x2x3xf32> {nn.kind = "input", nn.index = 0 : i64, nn.name = "x"},
                 %w: tensor<3x3xf32> {nn.kind = "param", nn.index = 0 : i64, nn.name = "w"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %h0 = nn.constant dense<0.0> : tensor<2x3xf32>
  %end = nn.loop 5 carry(%h0) slices(%x) {
  ^turn(%h: tensor<2x3xf32>, %xt: tensor<2x3xf32>):
    %p = nn.matmul %h, %w : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
    %z = nn.add %p, %xt : tensor<2x3xf32>
    %next = nn.tanh %z : tensor<2x3xf32>
    nn.yield %next : tensor<2x3xf32>
  } : (tensor<2x3xf32>, tensor<5x2x3xf32>) -> tensor<2x3xf32>
  %loss = nn.reduce_sum %end axes [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
  return %loss : tensor<f32>
}

// -----

// Where a guard ends a turn, it ends the turn of the gradient, too.

// CHECK-LABEL: func.func @step(
// CHECK:         nn.loop 5 carry
// CHECK-NEXT:      ^{{.*}}, %[[MASK:[^:]*]]: tensor<2xi1>):
// CHECK-NEXT:      nn.guard %[[MASK]]
// CHECK:         nn.loop 5 reversed carry
// CHECK-NEXT:      ^{{.*}}, %[[MASK:[^:]*]]: tensor<2xi1>
// CHECK-NEXT:      nn.guard %[[MASK]]
func.func @train(%m: tensor<5x2xi32> {nn.kind = "input", nn.index = 0 : i64, nn.name = "m"},
                 %w: tensor<2xf32> {nn.kind = "param", nn.index = 0 : i64, nn.name = "w"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %none = nn.constant dense<0> : tensor<5x2xi32>
  %masks = nn.less %none, %m : tensor<5x2xi32>
  %end = nn.loop 5 carry(%w) slices(%masks) {
  ^turn(%h: tensor<2xf32>, %mt: tensor<2xi1>):
    nn.guard %mt : tensor<2xi1>
    %t = nn.tanh %h : tensor<2xf32>
    %next = nn.select %mt, %t, %h : tensor<2xi1>, tensor<2xf32>
    nn.yield %next : tensor<2xf32>
  } : (tensor<2xf32>, tensor<5x2xi1>) -> tensor<2xf32>
  %loss = nn.reduce_sum %end axes [0] : (tensor<2xf32>) -> tensor<f32>
  return %loss : tensor<f32>
}
