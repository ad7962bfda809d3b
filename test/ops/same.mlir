// RUN: dlc-test %s

// Equality of class numbers. The result has no gradient.

func.func @values(%a: tensor<4xi32>, %b: tensor<4xi32>) -> tensor<4xi1>
  attributes {
    test.inputs = [dense<[0, 3, 9, 2]> : tensor<4xi32>,
                   dense<[0, 4, 9, -2]> : tensor<4xi32>],
    test.expected = [dense<[true, false, true, false]> : tensor<4xi1>]
  } {
  %y = nn.same %a, %b : tensor<4xi32>
  return %y : tensor<4xi1>
}

// A condition passes no gradient on; what it chooses from does.
func.func @chosen(%a: tensor<3x17xi32> {test.below = 3 : i64}, %b: tensor<3x17xi32> {test.below = 3 : i64},
                  %c: tensor<3x17xf64>, %d: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %condition = nn.same %a, %b : tensor<3x17xi32>
  %y = nn.select %condition, %c, %d : tensor<3x17xi1>, tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}
