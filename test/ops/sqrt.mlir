// RUN: dlc-test %s

// The square root.

func.func @values(%x: tensor<7xf64> {test.range = [0.25, 4.0]}) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[0.25, 1.0, 2.0, 4.0, 9.0, 100.0, 0.001]> : tensor<7xf64>],
    test.expected = [dense<[0.5, 1.0, 1.4142135623730951, 2.0, 3.0, 10.0, 0.03162277660168379]> : tensor<7xf64>]
  } {
  %y = nn.sqrt %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64> {test.range = [0.25, 4.0]}) -> tensor<f64> {
  %y = nn.sqrt %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64> {test.range = [0.25, 4.0]}) -> tensor<1xf64> {
  %y = nn.sqrt %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64> {test.range = [0.25, 4.0]}) -> tensor<3x17xf64> {
  %y = nn.sqrt %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64> {test.range = [0.25, 4.0]}) -> tensor<1x3x1x7xf64> {
  %y = nn.sqrt %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}
