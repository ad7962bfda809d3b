// RUN: dlc-test %s

// a <= b. The result has no gradient.

func.func @values(%a: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<5xi1>
  attributes {
    test.inputs = [dense<[1.0, 2.0, 3.0, -1.0, 0.0]> : tensor<5xf64>,
                   dense<[2.0, 2.0, 1.0, -0.5, -0.0]> : tensor<5xf64>],
    test.expected = [dense<[true, true, false, true, true]> : tensor<5xi1>]
  } {
  %y = nn.less_equal %a, %b : tensor<5xf64>
  return %y : tensor<5xi1>
}

// A condition passes no gradient on; what it chooses from does.
func.func @chosen(%a: tensor<3x17xf64> {test.zero_gradient}, %b: tensor<3x17xf64> {test.zero_gradient},
                  %c: tensor<3x17xf64>, %d: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %condition = nn.less_equal %a, %b : tensor<3x17xf64>
  %y = nn.select %condition, %c, %d : tensor<3x17xi1>, tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}
