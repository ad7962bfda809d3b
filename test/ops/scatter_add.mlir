// RUN: dlc-test %s

// Rows added up where the index says; what names no row is left out. Its gradient gathers them.

func.func @values(%x: tensor<4x2xf64>, %index: tensor<4xi32> {test.below = 3 : i64}) -> tensor<3x2xf64>
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf64>,
                   dense<[2, 0, 2, 3]> : tensor<4xi32>],
    test.expected = [dense<[[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]]> : tensor<3x2xf64>]
  } {
  %y = nn.scatter_add %x, %index rows 3 : (tensor<4x2xf64>, tensor<4xi32>) -> tensor<3x2xf64>
  return %y : tensor<3x2xf64>
}

func.func @odd(%x: tensor<3x5x37xf64>, %index: tensor<3x5xi32> {test.below = 9 : i64}) -> tensor<7x37xf64> {
  %y = nn.scatter_add %x, %index rows 7 : (tensor<3x5x37xf64>, tensor<3x5xi32>) -> tensor<7x37xf64>
  return %y : tensor<7x37xf64>
}

// More columns than an item takes, with a rest of whole vectors and single numbers.
func.func @wide(%x: tensor<9x151xf64>, %index: tensor<9xi32> {test.below = 4 : i64}) -> tensor<4x151xf64> {
  %y = nn.scatter_add %x, %index rows 4 : (tensor<9x151xf64>, tensor<9xi32>) -> tensor<4x151xf64>
  return %y : tensor<4x151xf64>
}

func.func @whole(%x: tensor<9x128xf64>, %index: tensor<9xi32> {test.below = 4 : i64}) -> tensor<4x128xf64> {
  %y = nn.scatter_add %x, %index rows 4 : (tensor<9x128xf64>, tensor<9xi32>) -> tensor<4x128xf64>
  return %y : tensor<4x128xf64>
}

func.func @numbers(%x: tensor<4x3x1xf64>, %index: tensor<4x3xi32> {test.below = 5 : i64}) -> tensor<5x1xf64> {
  %y = nn.scatter_add %x, %index rows 5 : (tensor<4x3x1xf64>, tensor<4x3xi32>) -> tensor<5x1xf64>
  return %y : tensor<5x1xf64>
}

func.func @one(%x: tensor<7xf64>, %index: tensor<i32> {test.below = 3 : i64}) -> tensor<3x7xf64> {
  %y = nn.scatter_add %x, %index rows 3 : (tensor<7xf64>, tensor<i32>) -> tensor<3x7xf64>
  return %y : tensor<3x7xf64>
}

// Of what is computed, by columns that do not lie side by side.
func.func @between(%x: tensor<18x4x5xf64>, %index: tensor<4x5xi32> {test.below = 6 : i64}) -> tensor<6x18xf64> {
  %w = nn.tanh %x : tensor<18x4x5xf64>
  %turned = nn.transpose %w permutation [1, 2, 0] : (tensor<18x4x5xf64>) -> tensor<4x5x18xf64>
  %y = nn.scatter_add %turned, %index rows 6 : (tensor<4x5x18xf64>, tensor<4x5xi32>) -> tensor<6x18xf64>
  return %y : tensor<6x18xf64>
}
