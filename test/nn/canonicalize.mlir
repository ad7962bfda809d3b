// RUN: dlc-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @neutral
// CHECK-SAME:    %[[X:.*]]: tensor<2x3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @neutral(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = nn.constant dense<0.0> : tensor<2x3xf32>
  %one = nn.constant dense<1.0> : tensor<2x3xf32>
  %a = nn.add %zero, %x : tensor<2x3xf32>
  %b = nn.mul %a, %one : tensor<2x3xf32>
  %c = nn.sub %b, %zero : tensor<2x3xf32>
  %d = nn.div %c, %one : tensor<2x3xf32>
  %e = nn.neg %d : tensor<2x3xf32>
  %f = nn.neg %e : tensor<2x3xf32>
  %g = nn.pow %f, %one : tensor<2x3xf32>
  %h = nn.cast %g to f32 : tensor<2x3xf32>
  return %h : tensor<2x3xf32>
}

// -----

// What is multiplied by zero may be infinite, so it stays.

// CHECK-LABEL: func.func @times_zero
// CHECK:         nn.mul
func.func @times_zero(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = nn.constant dense<0.0> : tensor<2xf32>
  %y = nn.mul %x, %zero : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @numbers
// CHECK-NEXT:    %[[C:.*]] = nn.constant dense<2.500000e+00> : tensor<2x3xf32>
// CHECK-NEXT:    return %[[C]]
func.func @numbers() -> tensor<2x3xf32> {
  %a = nn.constant dense<2.0> : tensor<f64>
  %b = nn.constant dense<5.0> : tensor<f64>
  %c = nn.div %b, %a : tensor<f64>
  %d = nn.cast %c to f32 : tensor<f64>
  %y = nn.broadcast %d axes [0, 1] sizes [2, 3] : (tensor<f32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @shapes
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x5xf32>
// CHECK-NEXT:    %[[T:.*]] = nn.transpose %[[X]] permutation [2, 1, 0]
// CHECK-NEXT:    %[[R:.*]] = nn.reshape %[[T]] shape [30]
// CHECK-NEXT:    return %[[R]]
func.func @shapes(%x: tensor<2x3x5xf32>) -> tensor<30xf32> {
  %a = nn.transpose %x permutation [1, 2, 0] : (tensor<2x3x5xf32>) -> tensor<3x5x2xf32>
  %b = nn.transpose %a permutation [1, 0, 2] : (tensor<3x5x2xf32>) -> tensor<5x3x2xf32>
  %c = nn.reshape %b shape [15, 2] : (tensor<5x3x2xf32>) -> tensor<15x2xf32>
  %d = nn.reshape %c shape [30] : (tensor<15x2xf32>) -> tensor<30xf32>
  return %d : tensor<30xf32>
}

// -----

// The maximum of equal numbers has its gradient on the right: its operands do not change places.

// CHECK-LABEL: func.func @relu
// CHECK-SAME:    %[[X:.*]]: tensor<2xf32>
// CHECK-NEXT:    %[[ZERO:.*]] = nn.constant
// CHECK-NEXT:    nn.max %[[ZERO]], %[[X]]
func.func @relu(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = nn.constant dense<0.0> : tensor<2xf32>
  %y = nn.max %zero, %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @flips
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x1xf32>
// CHECK-NEXT:    %[[Y:.*]] = nn.flip %[[X]] axes [0]
// CHECK-NEXT:    return %[[X]], %[[Y]]
func.func @flips(%x: tensor<2x3x1xf32>) -> (tensor<2x3x1xf32>, tensor<2x3x1xf32>) {
  %a = nn.flip %x axes [0, 1] : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %b = nn.flip %a axes [0, 1] : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %c = nn.flip %a axes [1, 2] : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  return %b, %c : tensor<2x3x1xf32>, tensor<2x3x1xf32>
}

// -----

// CHECK-LABEL: func.func @flip_of_a_number
// CHECK-NEXT:    %[[C:.*]] = nn.constant dense<2.000000e+00> : tensor<2x3xf32>
// CHECK-NEXT:    return %[[C]]
func.func @flip_of_a_number() -> tensor<2x3xf32> {
  %a = nn.constant dense<2.0> : tensor<2x3xf32>
  %b = nn.flip %a axes [0, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %b : tensor<2x3xf32>
}

// -----

// The order does not matter to a sum, nor to a maximum.

// CHECK-LABEL: func.func @reduced_flips
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT:    %[[S:.*]] = nn.reduce_sum %[[X]] axes [0, 1]
// CHECK-NEXT:    %[[F:.*]] = nn.flip %[[X]] axes [0]
// CHECK-NEXT:    %[[M:.*]] = nn.reduce_max %[[F]] axes [1]
// CHECK-NEXT:    return %[[S]], %[[M]]
func.func @reduced_flips(%x: tensor<2x3x4xf32>) -> (tensor<4xf32>, tensor<2x4xf32>) {
  %a = nn.flip %x axes [0, 1] : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %b = nn.reduce_sum %a axes [0, 1] : (tensor<2x3x4xf32>) -> tensor<4xf32>
  %c = nn.reduce_max %a axes [1] : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  return %b, %c : tensor<4xf32>, tensor<2x4xf32>
}

// -----

// A sum of sums is one sum; the order of what is summed does not matter, that of what is kept does.

// CHECK-LABEL: func.func @sums
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x5x7xf32>
// CHECK-NEXT:    %[[A:.*]] = nn.reduce_sum %[[X]] axes [0, 1, 3]
// CHECK-NEXT:    %[[B:.*]] = nn.reduce_max %[[X]] axes [1, 2]
// CHECK-NEXT:    %[[T:.*]] = nn.transpose %[[X]] permutation [3, 1, 2, 0]
// CHECK-NEXT:    %[[C:.*]] = nn.reduce_sum %[[T]] axes [1, 2]
// CHECK-NEXT:    return %[[A]], %[[B]], %[[C]]
func.func @sums(%x: tensor<2x3x5x7xf32>) -> (tensor<5xf32>, tensor<2x7xf32>, tensor<7x2xf32>) {
  %inner = nn.reduce_sum %x axes [1] : (tensor<2x3x5x7xf32>) -> tensor<2x5x7xf32>
  %a = nn.reduce_sum %inner axes [0, 2] : (tensor<2x5x7xf32>) -> tensor<5xf32>
  %turned = nn.transpose %x permutation [2, 0, 1, 3] : (tensor<2x3x5x7xf32>) -> tensor<5x2x3x7xf32>
  %b = nn.reduce_max %turned axes [0, 2] : (tensor<5x2x3x7xf32>) -> tensor<2x7xf32>
  %other = nn.transpose %x permutation [3, 1, 2, 0] : (tensor<2x3x5x7xf32>) -> tensor<7x3x5x2xf32>
  %c = nn.reduce_sum %other axes [1, 2] : (tensor<7x3x5x2xf32>) -> tensor<7x2xf32>
  return %a, %b, %c : tensor<5xf32>, tensor<2x7xf32>, tensor<7x2xf32>
}
