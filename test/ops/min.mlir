// RUN: dlc-test %s

// The smaller of two numbers, which receives the gradient.

func.func @values(%a: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<5xf64>
  attributes {
    test.inputs = [dense<[2.0, -1.5, 0.25, 3.0, -7.0]> : tensor<5xf64>,
                   dense<[0.5, 4.0, -0.25, 3.0, 2.0]> : tensor<5xf64>],
    test.expected = [dense<[0.5, -1.5, -0.25, 3.0, -7.0]> : tensor<5xf64>]
  } {
  %y = nn.min %a, %b : tensor<5xf64>
  return %y : tensor<5xf64>
}

func.func @scalar(%a: tensor<f64> {test.range = [-1.0, 0.25]},
                  %b: tensor<f64> {test.range = [0.5, 2.0], test.zero_gradient}) -> tensor<f64> {
  %y = nn.min %a, %b : tensor<f64>
  return %y : tensor<f64>
}

func.func @odd(%a: tensor<3x17xf64>, %b: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.min %a, %b : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%a: tensor<1x3x1x7xf64>, %b: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.min %a, %b : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}

// A NaN in the first operand stays.
func.func @not_a_number(%a: tensor<3xf64>, %b: tensor<3xf64>) -> tensor<3xf64>
  attributes {
    test.inputs = [dense<[0x7FF8000000000000, 1.0, 2.0]> : tensor<3xf64>, dense<[0.0, 2.0, 1.0]> : tensor<3xf64>],
    test.expected = [dense<[0x7FF8000000000000, 1.0, 1.0]> : tensor<3xf64>]
  } {
  %y = nn.min %a, %b : tensor<3xf64>
  return %y : tensor<3xf64>
}
