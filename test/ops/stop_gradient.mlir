// RUN: dlc-test %s

// The value itself, whose gradient is zero by definition.

func.func @values(%x: tensor<7xf64> {test.zero_gradient}) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>],
    test.expected = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>]
  } {
  %y = nn.stop_gradient %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64> {test.zero_gradient}) -> tensor<f64> {
  %y = nn.stop_gradient %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64> {test.zero_gradient}) -> tensor<1xf64> {
  %y = nn.stop_gradient %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64> {test.zero_gradient}) -> tensor<3x17xf64> {
  %y = nn.stop_gradient %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64> {test.zero_gradient}) -> tensor<1x3x1x7xf64> {
  %y = nn.stop_gradient %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}
