// RUN: dlc-test %s

// 1 at the place of each class number, 0 elsewhere. It has no gradient.

func.func @values(%index: tensor<3xi32>) -> tensor<3x4xf64>
  attributes {
    test.inputs = [dense<[2, 0, 3]> : tensor<3xi32>],
    test.expected = [dense<[[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]> : tensor<3x4xf64>]
  } {
  %y = nn.one_hot %index classes 4 element f64 : (tensor<3xi32>) -> tensor<3x4xf64>
  return %y : tensor<3x4xf64>
}

func.func @picked(%index: tensor<7x3xi32> {test.below = 17 : i64}, %x: tensor<7x3x17xf64>) -> tensor<7x3x17xf64> {
  %mask = nn.one_hot %index classes 17 element f64 : (tensor<7x3xi32>) -> tensor<7x3x17xf64>
  %y = nn.mul %mask, %x : tensor<7x3x17xf64>
  return %y : tensor<7x3x17xf64>
}

// Its index is behind a stride where it goes into the pool's nest.
func.func @pooled(%x: tensor<2x13x7x6xf64>, %of: tensor<2x13x7x6xf64> {test.zero_gradient})
    -> tensor<2x13x7x3xf64> {
  %place = nn.argmax %of : (tensor<2x13x7x6xf64>) -> tensor<2x13x7xi32>
  %mask = nn.one_hot %place classes 6 element f64 : (tensor<2x13x7xi32>) -> tensor<2x13x7x6xf64>
  %kept = nn.mul %x, %mask : tensor<2x13x7x6xf64>
  %y = nn.avg_pool2d %kept kernel [1, 1] stride [1, 2] pad [0, 0, 0, 0] : (tensor<2x13x7x6xf64>) -> tensor<2x13x7x3xf64>
  return %y : tensor<2x13x7x3xf64>
}
