// RUN: dlc-test %s

// 1 / (1 + exp(-x)), also far from zero.

func.func @values(%x: tensor<7xf64>) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>],
    test.expected = [dense<[0.07585818002124355, 0.2689414213699951, 0.43782349911420193, 0.5, 0.679178699175393, 0.8807970779778823, 0.9999999999999656]> : tensor<7xf64>]
  } {
  %y = nn.sigmoid %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.sigmoid %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  %y = nn.sigmoid %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.sigmoid %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.sigmoid %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<64x257xf64>) -> tensor<64x257xf64> attributes {test.large} {
  %y = nn.sigmoid %x : tensor<64x257xf64>
  return %y : tensor<64x257xf64>
}
