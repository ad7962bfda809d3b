// RUN: dlc-test %s

// Where the condition holds `a`, elsewhere `b`; what is not chosen may be infinite.

func.func @values(%condition: tensor<5xi1>, %a: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<5xf64>
  attributes {
    test.inputs = [dense<[true, false, true, false, true]> : tensor<5xi1>,
                   dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf64>,
                   dense<[-1.0, -2.0, 0x7FF0000000000000, 0.0, 1.0]> : tensor<5xf64>],
    test.expected = [dense<[1.0, -2.0, 3.0, 0.0, 5.0]> : tensor<5xf64>]
  } {
  %y = nn.select %condition, %a, %b : tensor<5xi1>, tensor<5xf64>
  return %y : tensor<5xf64>
}

func.func @odd(%condition: tensor<3x17xi1>, %a: tensor<3x17xf64>, %b: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.select %condition, %a, %b : tensor<3x17xi1>, tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%condition: tensor<1x3x1x7xi1>, %a: tensor<1x3x1x7xf64>, %b: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.select %condition, %a, %b : tensor<1x3x1x7xi1>, tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}
