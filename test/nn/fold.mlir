// RUN: dlc-opt --split-input-file --dlc-fold %s | FileCheck %s
// RUN: dlc-opt --split-input-file --dlc-fold=largest=3 %s | FileCheck %s --check-prefix=SMALL

// What is made of constants is one; what repeats it stays.

// CHECK-LABEL: func @codes
// SMALL-LABEL: func @codes
func.func @codes(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: %[[C:.*]] = nn.constant dense<[1.000000e+00, 3.000000e+00, 5.000000e+00, 7.000000e+00]> : tensor<4xf32>
  // CHECK: %[[B:.*]] = nn.broadcast %[[C]]
  // CHECK: nn.add %arg0, %[[B]]
  // SMALL: nn.cast
  %0 = nn.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %1 = nn.cast %0 to f32 : tensor<4xi32>
  %2 = nn.constant dense<2.0> : tensor<4xf32>
  %3 = nn.constant dense<1.0> : tensor<4xf32>
  %4 = nn.mul %1, %2 : tensor<4xf32>
  %5 = nn.add %4, %3 : tensor<4xf32>
  %6 = nn.broadcast %5 axes [0] sizes [2] : (tensor<4xf32>) -> tensor<2x4xf32>
  %7 = nn.add %x, %6 : tensor<2x4xf32>
  return %7 : tensor<2x4xf32>
}

// -----

// A loop that takes nothing from outside; equal numbers are one.

// CHECK-LABEL: func @counted
func.func @counted(%x: tensor<3xi32>) -> (tensor<3xi32>, tensor<3xi1>) {
  // CHECK-NOT: nn.loop
  // CHECK-DAG: %[[C:.*]] = nn.constant dense<[0, 1, 2]> : tensor<3xi32>
  // CHECK-DAG: %[[T:.*]] = nn.constant dense<true> : tensor<3xi1>
  // CHECK: nn.add %arg0, %[[C]]
  // CHECK: return %{{.*}}, %[[T]]
  %start = nn.constant dense<0> : tensor<i32>
  %one = nn.constant dense<1> : tensor<i32>
  %end, %0 = nn.loop 3 carry(%start) slices() {
  ^turn(%i: tensor<i32>):
    %next = nn.add %i, %one : tensor<i32>
    nn.yield %next, %i : tensor<i32>, tensor<i32>
  } : (tensor<i32>) -> (tensor<i32>, tensor<3xi32>)
  %1 = nn.constant dense<3> : tensor<3xi32>
  %2 = nn.less %0, %1 : tensor<3xi32>
  %3 = nn.add %x, %0 : tensor<3xi32>
  return %3, %2 : tensor<3xi32>, tensor<3xi1>
}

// -----

// Numbers that are all alike, and what an argument is in, are left to others.

// CHECK-LABEL: func @left
func.func @left(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK: nn.exp
  // CHECK: nn.mul
  %0 = nn.constant dense<2.0> : tensor<2xf32>
  %1 = nn.exp %0 : tensor<2xf32>
  %2 = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %3 = nn.mul %x, %2 : tensor<2xf32>
  return %1, %3 : tensor<2xf32>, tensor<2xf32>
}
