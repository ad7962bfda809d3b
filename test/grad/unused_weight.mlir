// RUN: dlc-opt %s -dlc-differentiate 2>&1 | FileCheck %s

// A weight that the loss does not depend on, here for want of a derivative, gets zeros and a warning.

// CHECK: unused_weight.mlir:[[# @LINE + 7]]:{{[0-9]+}}: warning: the loss does not depend on the weight `b`: its gradient is zero
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[A:.*]]: tensor<3xf32> {{.*}}, %[[B:.*]]: tensor<3xf32>
// CHECK:         nn.broadcast
// CHECK:         %[[DA:.*]] = nn.mul %{{.*}}, %{{.*}} : tensor<3xf32>
// CHECK:         %[[DB:.*]] = nn.constant dense<0.0{{.*}}> : tensor<3xf32>
// CHECK:         return %{{.*}}, %[[DA]], %[[DB]]
func.func @train(%a: tensor<3xf32> {nn.kind = "param", nn.name = "a"}, %b: tensor<3xf32> {nn.kind = "param", nn.name = "b"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %c = nn.sign %b : tensor<3xf32>
  %y = nn.mul %a, %c : tensor<3xf32>
  %loss = nn.reduce_sum %y axes [0] : (tensor<3xf32>) -> tensor<f32>
  return %loss : tensor<f32>
}
