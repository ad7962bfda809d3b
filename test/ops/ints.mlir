// RUN: dlc-test %s

// Ints of 32 bits: they wrap around, division rounds down and survives every divisor.

func.func @sums(%a: tensor<4xi32>, %b: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>)
  attributes {
    test.inputs = [dense<[2147483647, -2147483648, 70000, 7]> : tensor<4xi32>,
                   dense<[1, -1, 70000, -3]> : tensor<4xi32>],
    test.expected = [dense<[-2147483648, 2147483647, 140000, 4]> : tensor<4xi32>,
                     dense<[2147483646, -2147483647, 0, 10]> : tensor<4xi32>,
                     dense<[2147483647, -2147483648, 605032704, -21]> : tensor<4xi32>]
  } {
  %sum = nn.add %a, %b : tensor<4xi32>
  %difference = nn.sub %a, %b : tensor<4xi32>
  %product = nn.mul %a, %b : tensor<4xi32>
  return %sum, %difference, %product : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

func.func @quotients(%a: tensor<8xi32>, %b: tensor<8xi32>) -> tensor<8xi32>
  attributes {
    test.inputs = [dense<[7, -7, 7, -7, 6, 5, -2147483648, 0]> : tensor<8xi32>,
                   dense<[2, 2, -2, -2, -3, 0, -1, 9]> : tensor<8xi32>],
    test.expected = [dense<[3, -4, -4, 3, -2, 0, -2147483648, 0]> : tensor<8xi32>]
  } {
  %y = nn.div %a, %b : tensor<8xi32>
  return %y : tensor<8xi32>
}

func.func @others(%a: tensor<3xi32>, %b: tensor<3xi32>)
    -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>, tensor<3xi1>)
  attributes {
    test.inputs = [dense<[-5, 4, -2147483648]> : tensor<3xi32>, dense<[3, 4, -7]> : tensor<3xi32>],
    test.expected = [dense<[5, -4, -2147483648]> : tensor<3xi32>, dense<[5, 4, -2147483648]> : tensor<3xi32>,
                     dense<[3, 4, -7]> : tensor<3xi32>, dense<[-5, 4, -2147483648]> : tensor<3xi32>,
                     dense<[true, false, true]> : tensor<3xi1>, dense<[true, true, true]> : tensor<3xi1>]
  } {
  %negative = nn.neg %a : tensor<3xi32>
  %absolute = nn.abs %a : tensor<3xi32>
  %larger = nn.max %a, %b : tensor<3xi32>
  %smaller = nn.min %a, %b : tensor<3xi32>
  %less = nn.less %a, %b : tensor<3xi32>
  %not_more = nn.less_equal %a, %b : tensor<3xi32>
  return %negative, %absolute, %larger, %smaller, %less, %not_more
    : tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>, tensor<3xi1>
}

func.func @cut_off(%x: tensor<7xf32>) -> tensor<7xi32>
  attributes {
    test.inputs = [dense<[1.75, -1.75, 3.0e9, -3.0e9, 0x7FC00000, 0x7F800000, 2147483520.0]> : tensor<7xf32>],
    test.expected = [dense<[1, -1, 2147483647, -2147483648, 0, 2147483647, 2147483520]> : tensor<7xi32>]
  } {
  %int = nn.cast %x to i32 : tensor<7xf32>
  return %int : tensor<7xi32>
}

func.func @converted(%n: tensor<2xi32>, %b: tensor<2xi1>) -> (tensor<2xf32>, tensor<2xf64>, tensor<2xi32>)
  attributes {
    test.inputs = [dense<[-3, 16777216]> : tensor<2xi32>, dense<[true, false]> : tensor<2xi1>],
    test.expected = [dense<[-3.0, 16777216.0]> : tensor<2xf32>, dense<[-3.0, 16777216.0]> : tensor<2xf64>,
                     dense<[1, 0]> : tensor<2xi32>]
  } {
  %single = nn.cast %n to f32 : tensor<2xi32>
  %double = nn.cast %n to f64 : tensor<2xi32>
  %bit = nn.cast %b to i32 : tensor<2xi1>
  return %single, %double, %bit : tensor<2xf32>, tensor<2xf64>, tensor<2xi32>
}

// The same compiled, over numbers of all sizes and both signs.
func.func @compiled(%a: tensor<3x37xi32>, %b: tensor<3x37xi32>, %c: tensor<3x37xi32> {test.below = 9 : i64})
    -> (tensor<3x37xi32>, tensor<3x37xi32>, tensor<3x37xi32>, tensor<3x37xi32>) {
  %difference = nn.sub %a, %b : tensor<3x37xi32>
  %five = nn.constant dense<5> : tensor<3x37xi32>
  %small = nn.sub %c, %five : tensor<3x37xi32>
  %quotient = nn.div %difference, %small : tensor<3x37xi32>
  %product = nn.mul %a, %b : tensor<3x37xi32>
  %less = nn.less %difference, %product : tensor<3x37xi32>
  %chosen = nn.select %less, %product, %quotient : tensor<3x37xi1>, tensor<3x37xi32>
  %larger = nn.max %difference, %product : tensor<3x37xi32>
  %smaller = nn.min %difference, %small : tensor<3x37xi32>
  %absolute = nn.abs %smaller : tensor<3x37xi32>
  return %quotient, %chosen, %larger, %absolute : tensor<3x37xi32>, tensor<3x37xi32>, tensor<3x37xi32>, tensor<3x37xi32>
}

func.func @reduced(%x: tensor<5x37x3xi32>) -> (tensor<5x3xi32>, tensor<37xi32>, tensor<5x37xi32>, tensor<5xi32>) {
  %sums = nn.reduce_sum %x axes [1] : (tensor<5x37x3xi32>) -> tensor<5x3xi32>
  %others = nn.reduce_sum %x axes [0, 2] : (tensor<5x37x3xi32>) -> tensor<37xi32>
  %half = nn.constant dense<1073741824> : tensor<5x37x3xi32>
  %both = nn.sub %x, %half : tensor<5x37x3xi32>
  %largest = nn.reduce_max %both axes [2] : (tensor<5x37x3xi32>) -> tensor<5x37xi32>
  %of_all = nn.reduce_max %both axes [1, 2] : (tensor<5x37x3xi32>) -> tensor<5xi32>
  return %sums, %others, %largest, %of_all : tensor<5x3xi32>, tensor<37xi32>, tensor<5x37xi32>, tensor<5xi32>
}

// Bools and ints in other shapes; what a bool chooses.
func.func @moved(%a: tensor<4x7xi1>, %b: tensor<4x7xi1>, %x: tensor<4x7xf64>) -> (tensor<7x4xi1>, tensor<28xi32>, tensor<4x7xf64>) {
  %both = nn.select %a, %b, %a : tensor<4x7xi1>, tensor<4x7xi1>
  %turned = nn.transpose %both permutation [1, 0] : (tensor<4x7xi1>) -> tensor<7x4xi1>
  %flipped = nn.flip %b axes [1] : (tensor<4x7xi1>) -> tensor<4x7xi1>
  %number = nn.cast %flipped to i32 : tensor<4x7xi1>
  %flat = nn.reshape %number shape [28] : (tensor<4x7xi32>) -> tensor<28xi32>
  %weight = nn.cast %number to f64 : tensor<4x7xi32>
  %y = nn.mul %x, %weight : tensor<4x7xf64>
  return %turned, %flat, %y : tensor<7x4xi1>, tensor<28xi32>, tensor<4x7xf64>
}

// Of real numbers that become ints nothing flows back.
func.func @cut(%x: tensor<3x5xf64>, %of: tensor<3x5xf64> {test.zero_gradient}) -> tensor<3x5xf64> {
  %eight = nn.constant dense<8.0> : tensor<3x5xf64>
  %wide = nn.mul %of, %eight : tensor<3x5xf64>
  %cut = nn.cast %wide to i32 : tensor<3x5xf64>
  %back = nn.cast %cut to f64 : tensor<3x5xi32>
  %y = nn.mul %x, %back : tensor<3x5xf64>
  return %y : tensor<3x5xf64>
}
