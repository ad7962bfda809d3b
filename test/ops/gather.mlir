// RUN: dlc-test %s

// The rows that an index names, and 0 for what names none. Its gradient adds up in them.

func.func @values(%table: tensor<3x2xf64>, %index: tensor<5xi32> {test.below = 3 : i64}) -> tensor<5x2xf64>
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>,
                   dense<[2, 0, -1, 2, 3]> : tensor<5xi32>],
    test.expected = [dense<[[5.0, 6.0], [1.0, 2.0], [0.0, 0.0], [5.0, 6.0], [0.0, 0.0]]> : tensor<5x2xf64>]
  } {
  %y = nn.gather %table, %index : (tensor<3x2xf64>, tensor<5xi32>) -> tensor<5x2xf64>
  return %y : tensor<5x2xf64>
}

// Rows of whole vectors and more, some of them not there.
func.func @odd(%table: tensor<7x37xf64>, %index: tensor<3x5xi32> {test.below = 9 : i64}) -> tensor<3x5x37xf64> {
  %y = nn.gather %table, %index : (tensor<7x37xf64>, tensor<3x5xi32>) -> tensor<3x5x37xf64>
  return %y : tensor<3x5x37xf64>
}

func.func @whole(%table: tensor<4x64xf64>, %index: tensor<9xi32> {test.below = 4 : i64}) -> tensor<9x64xf64> {
  %y = nn.gather %table, %index : (tensor<4x64xf64>, tensor<9xi32>) -> tensor<9x64xf64>
  return %y : tensor<9x64xf64>
}

func.func @one(%table: tensor<5x3xf64>, %index: tensor<i32> {test.below = 5 : i64}) -> tensor<3xf64> {
  %y = nn.gather %table, %index : (tensor<5x3xf64>, tensor<i32>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}

func.func @numbers(%table: tensor<11x1xf64>, %index: tensor<4x3xi32> {test.below = 11 : i64}) -> tensor<4x3x1xf64> {
  %y = nn.gather %table, %index : (tensor<11x1xf64>, tensor<4x3xi32>) -> tensor<4x3x1xf64>
  return %y : tensor<4x3x1xf64>
}

func.func @only(%table: tensor<1x6xf64>, %index: tensor<5xi32> {test.below = 2 : i64}) -> tensor<5x6xf64> {
  %y = nn.gather %table, %index : (tensor<1x6xf64>, tensor<5xi32>) -> tensor<5x6xf64>
  return %y : tensor<5x6xf64>
}

// Of what is computed, and computed on; by an index that is computed and lies in another order.
func.func @between(%x: tensor<6x18xf64>, %index: tensor<5x4xi32> {test.below = 6 : i64}) -> tensor<4x5x18xf64> {
  %table = nn.tanh %x : tensor<6x18xf64>
  %turned = nn.transpose %index permutation [1, 0] : (tensor<5x4xi32>) -> tensor<4x5xi32>
  %rows = nn.gather %table, %turned : (tensor<6x18xf64>, tensor<4x5xi32>) -> tensor<4x5x18xf64>
  %y = nn.mul %rows, %rows : tensor<4x5x18xf64>
  return %y : tensor<4x5x18xf64>
}

// From the parts of a table, into a part of a whole.
func.func @parts(%x: tensor<6x20xf64>, %index: tensor<5xi32> {test.below = 6 : i64}, %z: tensor<5x3xf64>) -> tensor<5x11xf64> {
  %parts:3 = nn.split %x axis 1 sizes [5, 8, 7] : (tensor<6x20xf64>) -> (tensor<6x5xf64>, tensor<6x8xf64>, tensor<6x7xf64>)
  %rows = nn.gather %parts#1, %index : (tensor<6x8xf64>, tensor<5xi32>) -> tensor<5x8xf64>
  %y = nn.concat %z, %rows axis 1 : (tensor<5x3xf64>, tensor<5x8xf64>) -> tensor<5x11xf64>
  return %y : tensor<5x11xf64>
}

// Into a convolution, which wants its images in a layout of its own.
func.func @image(%table: tensor<5x1xf64>, %index: tensor<16x5x2xi32> {test.below = 5 : i64}, %w: tensor<3x1x2x3xf64>) -> tensor<16x3x1x3xf64> {
  %rows = nn.gather %table, %index : (tensor<5x1xf64>, tensor<16x5x2xi32>) -> tensor<16x5x2x1xf64>
  %image = nn.reshape %rows shape [16, 1, 2, 5] : (tensor<16x5x2x1xf64>) -> tensor<16x1x2x5xf64>
  %y = nn.conv2d %image, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1 : (tensor<16x1x2x5xf64>, tensor<3x1x2x3xf64>) -> tensor<16x3x1x3xf64>
  return %y : tensor<16x3x1x3xf64>
}
