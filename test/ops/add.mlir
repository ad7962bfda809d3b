// RUN: dlc-test %s

// Addition.

func.func @values(%a: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<5xf64>
  attributes {
    test.inputs = [dense<[2.0, -1.5, 0.25, 3.0, -7.0]> : tensor<5xf64>,
                   dense<[0.5, 4.0, -0.25, 3.0, 2.0]> : tensor<5xf64>],
    test.expected = [dense<[2.5, 2.5, 0.0, 6.0, -5.0]> : tensor<5xf64>]
  } {
  %y = nn.add %a, %b : tensor<5xf64>
  return %y : tensor<5xf64>
}

func.func @scalar(%a: tensor<f64>, %b: tensor<f64>) -> tensor<f64> {
  %y = nn.add %a, %b : tensor<f64>
  return %y : tensor<f64>
}

func.func @odd(%a: tensor<3x17xf64>, %b: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.add %a, %b : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%a: tensor<1x3x1x7xf64>, %b: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.add %a, %b : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}

// One value as both operands: its gradient comes by two ways.
func.func @twice(%x: tensor<7xf64>) -> tensor<7xf64> {
  %y = nn.add %x, %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @large(%a: tensor<65x333xf64>, %b: tensor<65x333xf64>) -> tensor<65x333xf64> attributes {test.large} {
  %y = nn.add %a, %b : tensor<65x333xf64>
  return %y : tensor<65x333xf64>
}
