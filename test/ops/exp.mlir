// RUN: dlc-test %s

// The exponential function.

func.func @values(%x: tensor<7xf64>) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>],
    test.expected = [dense<[0.0820849986238988, 0.36787944117144233, 0.7788007830714049, 1.0, 2.117000016612675, 7.38905609893065, 29048849665247.426]> : tensor<7xf64>]
  } {
  %y = nn.exp %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.exp %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  %y = nn.exp %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.exp %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.exp %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<64x257xf64>) -> tensor<64x257xf64> attributes {test.large} {
  %y = nn.exp %x : tensor<64x257xf64>
  return %y : tensor<64x257xf64>
}
