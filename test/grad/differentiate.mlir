// RUN: dlc-opt %s -split-input-file -dlc-differentiate | FileCheck %s

// A product: the chain rule by both operands, and only by those that lead to a param.

// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[X:.*]]: tensor<4x3xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "x"}
// CHECK-SAME:    %[[W:.*]]: tensor<3x2xf32>
// CHECK-SAME:    -> (tensor<f32> {nn.kind = "loss"},
// CHECK-SAME:        tensor<3x2xf32> {nn.index = 0 : i64, nn.kind = "gradient", nn.name = "w"})
// CHECK:         %[[Z:.*]] = nn.matmul %[[X]], %[[W]]
// CHECK:         %[[LOSS:.*]] = nn.reduce_sum %[[Z]]
// CHECK:         %[[ONE:.*]] = nn.constant dense<1.0{{.*}}> : tensor<f32>
// CHECK:         %[[DZ:.*]] = nn.broadcast %[[ONE]] axes [0, 1] sizes [4, 2]
// CHECK-NEXT:    %[[XT:.*]] = nn.transpose %[[X]] permutation [1, 0]
// CHECK-NEXT:    %[[DW:.*]] = nn.matmul %[[XT]], %[[DZ]]
// CHECK-NEXT:    return %[[LOSS]], %[[DW]]
func.func @train(%x: tensor<4x3xf32> {nn.kind = "input", nn.index = 0 : i64, nn.name = "x"},
                 %w: tensor<3x2xf32> {nn.kind = "param", nn.index = 0 : i64, nn.name = "w"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %z = nn.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %loss = nn.reduce_sum %z axes [0, 1] : (tensor<4x2xf32>) -> tensor<f32>
  return %loss : tensor<f32>
}

// -----

// A value used twice: what comes back by its two uses is added.

// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[W:.*]]: tensor<f32>
// CHECK:         %[[E:.*]] = nn.exp %[[W]]
// CHECK:         nn.mul %[[E]], %[[W]]
// CHECK:         %[[BY_E:.*]] = nn.mul %{{.*}}, %[[W]]
// CHECK:         %[[BY_W:.*]] = nn.mul %{{.*}}, %[[E]]
// CHECK:         %[[THROUGH_E:.*]] = nn.mul %[[BY_E]], %[[E]]
// CHECK:         %[[DW:.*]] = nn.add %[[BY_W]], %[[THROUGH_E]]
// CHECK:         return %{{.*}}, %[[DW]]
func.func @train(%w: tensor<f32> {nn.kind = "param", nn.index = 0 : i64, nn.name = "w"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %e = nn.exp %w : tensor<f32>
  %loss = nn.mul %e, %w : tensor<f32>
  return %loss : tensor<f32>
}
