// RUN: dlc-test %s

// The natural logarithm.

func.func @values(%x: tensor<7xf64> {test.range = [0.25, 4.0]}) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[0.25, 1.0, 2.0, 4.0, 9.0, 100.0, 0.001]> : tensor<7xf64>],
    test.expected = [dense<[-1.3862943611198906, 0.0, 0.6931471805599453, 1.3862943611198906, 2.1972245773362196, 4.605170185988092, -6.907755278982137]> : tensor<7xf64>]
  } {
  %y = nn.log %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64> {test.range = [0.25, 4.0]}) -> tensor<f64> {
  %y = nn.log %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64> {test.range = [0.25, 4.0]}) -> tensor<1xf64> {
  %y = nn.log %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64> {test.range = [0.25, 4.0]}) -> tensor<3x17xf64> {
  %y = nn.log %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64> {test.range = [0.25, 4.0]}) -> tensor<1x3x1x7xf64> {
  %y = nn.log %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}
