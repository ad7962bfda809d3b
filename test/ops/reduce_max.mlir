// RUN: dlc-test %s

// The largest element over some axes.

func.func @values(%x: tensor<2x3x2xf64>) -> tensor<3xf64>
  attributes {
    test.inputs = [dense<[[[1.0, -2.0], [3.0, 4.5], [0.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]]]> : tensor<2x3x2xf64>],
    test.expected = [dense<[1.0, 4.5, 0.0]> : tensor<3xf64>]
  } {
  %y = nn.reduce_max %x axes [0, 2] : (tensor<2x3x2xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}

func.func @all(%x: tensor<3x17xf64>) -> tensor<f64> {
  %y = nn.reduce_max %x axes [0, 1] : (tensor<3x17xf64>) -> tensor<f64>
  return %y : tensor<f64>
}

func.func @rows(%x: tensor<7x17xf64>) -> tensor<17xf64> {
  %y = nn.reduce_max %x axes [0] : (tensor<7x17xf64>) -> tensor<17xf64>
  return %y : tensor<17xf64>
}

func.func @last(%x: tensor<7x17xf64>) -> tensor<7xf64> {
  %y = nn.reduce_max %x axes [1] : (tensor<7x17xf64>) -> tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @middle(%x: tensor<3x7x5xf64>) -> tensor<3x5xf64> {
  %y = nn.reduce_max %x axes [1] : (tensor<3x7x5xf64>) -> tensor<3x5xf64>
  return %y : tensor<3x5xf64>
}

func.func @one(%x: tensor<7x1xf64>) -> tensor<7xf64> {
  %y = nn.reduce_max %x axes [1] : (tensor<7x1xf64>) -> tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @image(%x: tensor<2x3x5x7xf64>) -> tensor<3xf64> {
  %y = nn.reduce_max %x axes [0, 2, 3] : (tensor<2x3x5x7xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}

// Equal maxima share the gradient: d/da of max(a, a) is 1, a half from each.
func.func @equal(%a: tensor<7xf64>) -> tensor<7xf64> {
  %pair = nn.broadcast %a axes [0] sizes [2] : (tensor<7xf64>) -> tensor<2x7xf64>
  %y = nn.reduce_max %pair axes [0] : (tensor<2x7xf64>) -> tensor<7xf64>
  return %y : tensor<7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large_rows(%x: tensor<257x129xf64>) -> tensor<129xf64> attributes {test.large} {
  %y = nn.reduce_max %x axes [0] : (tensor<257x129xf64>) -> tensor<129xf64>
  return %y : tensor<129xf64>
}

func.func @large_last(%x: tensor<129x257xf64>) -> tensor<129xf64> attributes {test.large} {
  %y = nn.reduce_max %x axes [1] : (tensor<129x257xf64>) -> tensor<129xf64>
  return %y : tensor<129xf64>
}
