// RUN: dlc-test %s

// The same numbers in another shape.

func.func @values(%x: tensor<2x3xf64>) -> tensor<3x2xf64>
  attributes {
    test.inputs = [dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>],
    test.expected = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>]
  } {
  %y = nn.reshape %x shape [3, 2] : (tensor<2x3xf64>) -> tensor<3x2xf64>
  return %y : tensor<3x2xf64>
}

func.func @flatten(%x: tensor<3x1x7x17xf64>) -> tensor<3x119xf64> {
  %y = nn.reshape %x shape [3, 119] : (tensor<3x1x7x17xf64>) -> tensor<3x119xf64>
  return %y : tensor<3x119xf64>
}

func.func @split(%x: tensor<51xf64>) -> tensor<3x17xf64> {
  %y = nn.reshape %x shape [3, 17] : (tensor<51xf64>) -> tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<1x1xf64> {
  %y = nn.reshape %x shape [1, 1] : (tensor<f64>) -> tensor<1x1xf64>
  return %y : tensor<1x1xf64>
}

func.func @to_scalar(%x: tensor<1xf64>) -> tensor<f64> {
  %y = nn.reshape %x shape [] : (tensor<1xf64>) -> tensor<f64>
  return %y : tensor<f64>
}
