// What a gradient is multiplied with is made beside what it is made of, if less is kept then.
//
// RUN: dlc-opt %s -dlc-slopes | FileCheck %s

// Of x * e, where e is erf(x): the gradient is taken out of the sum, and its slope stands before the
// matmul, so that neither x nor e is kept beyond it.
//
// CHECK-LABEL: func.func @two_kept
// CHECK:         %[[X:.*]] = nn.matmul %arg0, %arg1
// CHECK-NEXT:    %[[E:.*]] = nn.erf %[[X]]
// CHECK-NEXT:    %[[XX:.*]] = nn.mul %[[X]], %[[X]]
// CHECK-NEXT:    %[[EXP:.*]] = nn.exp %[[XX]]
// CHECK-NEXT:    %[[XEXP:.*]] = nn.mul %[[X]], %[[EXP]]
// CHECK-NEXT:    %[[SLOPE:.*]] = nn.add %[[XEXP]], %[[E]]
// CHECK-NEXT:    %[[H:.*]] = nn.mul %[[X]], %[[E]]
// CHECK-NEXT:    %[[Y:.*]] = nn.matmul %[[H]], %arg2
// CHECK:         %[[G:.*]] = nn.matmul %[[Y]],
// CHECK-NEXT:    nn.mul %[[G]], %[[SLOPE]]
// CHECK-NEXT:    return
func.func @two_kept(%arg0: tensor<4x8xf32>, %arg1: tensor<8x16xf32>, %arg2: tensor<16x2xf32>)
    -> (tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}, tensor<4x16xf32>) {
  %x = nn.matmul %arg0, %arg1 : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %e = nn.erf %x : tensor<4x16xf32>
  %h = nn.mul %x, %e : tensor<4x16xf32>
  %y = nn.matmul %h, %arg2 : (tensor<4x16xf32>, tensor<16x2xf32>) -> tensor<4x2xf32>
  %loss = nn.reduce_sum %y axes [0, 1] : (tensor<4x2xf32>) -> tensor<f32>
  %t = nn.transpose %arg2 permutation [1, 0] : (tensor<16x2xf32>) -> tensor<2x16xf32>
  %g = nn.matmul %y, %t : (tensor<4x2xf32>, tensor<2x16xf32>) -> tensor<4x16xf32>
  %ge = nn.mul %g, %e : tensor<4x16xf32>
  %xx = nn.mul %x, %x : tensor<4x16xf32>
  %exp = nn.exp %xx : tensor<4x16xf32>
  %gx = nn.mul %g, %x : tensor<4x16xf32>
  %gexp = nn.mul %gx, %exp : tensor<4x16xf32>
  %dx = nn.add %gexp, %ge : tensor<4x16xf32>
  return %loss, %dx : tensor<f32>, tensor<4x16xf32>
}

// As much is kept of 1 - h * h as of h, which the second matmul needs anyhow: it stays.
//
// CHECK-LABEL: func.func @one_kept
// CHECK:         %[[G:.*]] = nn.matmul %{{.*}}, %{{.*}} : (tensor<4x2xf32>, tensor<2x16xf32>)
// CHECK-NEXT:    %[[HH:.*]] = nn.mul
// CHECK-NEXT:    %[[SLOPE:.*]] = nn.sub %{{.*}}, %[[HH]]
// CHECK-NEXT:    nn.mul %[[G]], %[[SLOPE]]
func.func @one_kept(%arg0: tensor<4x8xf32>, %arg1: tensor<8x16xf32>, %arg2: tensor<16x2xf32>)
    -> (tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}, tensor<4x16xf32>) {
  %one = nn.constant dense<1.0> : tensor<4x16xf32>
  %x = nn.matmul %arg0, %arg1 : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %h = nn.tanh %x : tensor<4x16xf32>
  %y = nn.matmul %h, %arg2 : (tensor<4x16xf32>, tensor<16x2xf32>) -> tensor<4x2xf32>
  %loss = nn.reduce_sum %y axes [0, 1] : (tensor<4x2xf32>) -> tensor<f32>
  %t = nn.transpose %arg2 permutation [1, 0] : (tensor<16x2xf32>) -> tensor<2x16xf32>
  %g = nn.matmul %y, %t : (tensor<4x2xf32>, tensor<2x16xf32>) -> tensor<4x16xf32>
  %hh = nn.mul %h, %h : tensor<4x16xf32>
  %slope = nn.sub %one, %hh : tensor<4x16xf32>
  %dx = nn.mul %g, %slope : tensor<4x16xf32>
  return %loss, %dx : tensor<f32>, tensor<4x16xf32>
}

// What is used behind the matmul by others is kept in any case: the slope stays where it is.
//
// CHECK-LABEL: func.func @needed_later
// CHECK:         nn.matmul %{{.*}}, %{{.*}} : (tensor<4x2xf32>, tensor<2x16xf32>)
// CHECK-NEXT:    %[[S:.*]] = nn.mul
// CHECK-NEXT:    nn.mul %{{.*}}, %[[S]]
func.func @needed_later(%arg0: tensor<4x8xf32>, %arg1: tensor<8x16xf32>, %arg2: tensor<16x2xf32>)
    -> (tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}, tensor<4x16xf32>,
        tensor<4x16xf32>, tensor<4x16xf32>) {
  %x = nn.matmul %arg0, %arg1 : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %e = nn.erf %x : tensor<4x16xf32>
  %h = nn.mul %x, %e : tensor<4x16xf32>
  %y = nn.matmul %h, %arg2 : (tensor<4x16xf32>, tensor<16x2xf32>) -> tensor<4x2xf32>
  %loss = nn.reduce_sum %y axes [0, 1] : (tensor<4x2xf32>) -> tensor<f32>
  %t = nn.transpose %arg2 permutation [1, 0] : (tensor<16x2xf32>) -> tensor<2x16xf32>
  %g = nn.matmul %y, %t : (tensor<4x2xf32>, tensor<2x16xf32>) -> tensor<4x16xf32>
  %s = nn.mul %x, %e : tensor<4x16xf32>
  %dx = nn.mul %g, %s : tensor<4x16xf32>
  return %loss, %x, %e, %dx : tensor<f32>, tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>
}
