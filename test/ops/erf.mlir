// RUN: dlc-test %s

// The error function, also where it is nearly flat.

func.func @values(%x: tensor<7xf64>) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>],
    test.expected = [dense<[-0.999593047982555, -0.8427007929497149, -0.2763263901682369, 0.0, 0.7111556336535151, 0.9953222650189527, 1.0]> : tensor<7xf64>]
  } {
  %y = nn.erf %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.erf %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  %y = nn.erf %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.erf %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.erf %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%x: tensor<64x257xf64>) -> tensor<64x257xf64> attributes {test.large} {
  %y = nn.erf %x : tensor<64x257xf64>
  return %y : tensor<64x257xf64>
}

// What erf is used for: gelu and its gradient.
func.func @gelu(%x: tensor<5x19xf64>) -> tensor<5x19xf64> {
  %half = nn.constant dense<0.5> : tensor<5x19xf64>
  %one = nn.constant dense<1.0> : tensor<5x19xf64>
  %root = nn.constant dense<0.7071067811865476> : tensor<5x19xf64>
  %scaled = nn.mul %x, %root : tensor<5x19xf64>
  %e = nn.erf %scaled : tensor<5x19xf64>
  %sum = nn.add %e, %one : tensor<5x19xf64>
  %product = nn.mul %x, %sum : tensor<5x19xf64>
  %y = nn.mul %product, %half : tensor<5x19xf64>
  return %y : tensor<5x19xf64>
}
