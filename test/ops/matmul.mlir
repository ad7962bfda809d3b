// RUN: dlc-test %s

// The matrix product over the last two axes.

func.func @values(%a: tensor<2x3xf64>, %b: tensor<3x2xf64>) -> tensor<2x2xf64>
  attributes {
    test.inputs = [dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>,
                   dense<[[1.0, -1.0], [0.5, 2.0], [-2.0, 0.0]]> : tensor<3x2xf64>],
    test.expected = [dense<[[-4.0, 3.0], [-5.5, 6.0]]> : tensor<2x2xf64>]
  } {
  %y = nn.matmul %a, %b : (tensor<2x3xf64>, tensor<3x2xf64>) -> tensor<2x2xf64>
  return %y : tensor<2x2xf64>
}

func.func @one(%a: tensor<1x1xf64>, %b: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %y = nn.matmul %a, %b : (tensor<1x1xf64>, tensor<1x1xf64>) -> tensor<1x1xf64>
  return %y : tensor<1x1xf64>
}

func.func @odd(%a: tensor<7x17xf64>, %b: tensor<17x3xf64>) -> tensor<7x3xf64> {
  %y = nn.matmul %a, %b : (tensor<7x17xf64>, tensor<17x3xf64>) -> tensor<7x3xf64>
  return %y : tensor<7x3xf64>
}

func.func @row(%a: tensor<1x17xf64>, %b: tensor<17x7xf64>) -> tensor<1x7xf64> {
  %y = nn.matmul %a, %b : (tensor<1x17xf64>, tensor<17x7xf64>) -> tensor<1x7xf64>
  return %y : tensor<1x7xf64>
}

func.func @column(%a: tensor<17x7xf64>, %b: tensor<7x1xf64>) -> tensor<17x1xf64> {
  %y = nn.matmul %a, %b : (tensor<17x7xf64>, tensor<7x1xf64>) -> tensor<17x1xf64>
  return %y : tensor<17x1xf64>
}

func.func @outer(%a: tensor<17x1xf64>, %b: tensor<1x7xf64>) -> tensor<17x7xf64> {
  %y = nn.matmul %a, %b : (tensor<17x1xf64>, tensor<1x7xf64>) -> tensor<17x7xf64>
  return %y : tensor<17x7xf64>
}

func.func @tails(%a: tensor<17x33xf64>, %b: tensor<33x31xf64>) -> tensor<17x31xf64> {
  %y = nn.matmul %a, %b : (tensor<17x33xf64>, tensor<33x31xf64>) -> tensor<17x31xf64>
  return %y : tensor<17x31xf64>
}

func.func @batched(%a: tensor<3x7x5xf64>, %b: tensor<3x5x2xf64>) -> tensor<3x7x2xf64> {
  %y = nn.matmul %a, %b : (tensor<3x7x5xf64>, tensor<3x5x2xf64>) -> tensor<3x7x2xf64>
  return %y : tensor<3x7x2xf64>
}

func.func @deep(%a: tensor<2x3x1x7xf64>, %b: tensor<2x3x7x3xf64>) -> tensor<2x3x1x3xf64> {
  %y = nn.matmul %a, %b : (tensor<2x3x1x7xf64>, tensor<2x3x7x3xf64>) -> tensor<2x3x1x3xf64>
  return %y : tensor<2x3x1x3xf64>
}

// Enough work for several threads, in whole vectors and with a remainder.
func.func @whole_tiles(%a: tensor<64x64xf64>, %b: tensor<64x64xf64>) -> tensor<64x64xf64> attributes {test.large} {
  %y = nn.matmul %a, %b : (tensor<64x64xf64>, tensor<64x64xf64>) -> tensor<64x64xf64>
  return %y : tensor<64x64xf64>
}

func.func @beside_tiles(%a: tensor<65x127xf64>, %b: tensor<127x63xf64>) -> tensor<65x63xf64> attributes {test.large} {
  %y = nn.matmul %a, %b : (tensor<65x127xf64>, tensor<127x63xf64>) -> tensor<65x63xf64>
  return %y : tensor<65x63xf64>
}

func.func @few_rows(%a: tensor<3x513xf64>, %b: tensor<513x130xf64>) -> tensor<3x130xf64> attributes {test.large} {
  %y = nn.matmul %a, %b : (tensor<3x513xf64>, tensor<513x130xf64>) -> tensor<3x130xf64>
  return %y : tensor<3x130xf64>
}

func.func @one_term(%a: tensor<13x1xf64>, %b: tensor<1x1025xf64>) -> tensor<13x1025xf64> attributes {test.large} {
  %y = nn.matmul %a, %b : (tensor<13x1xf64>, tensor<1x1025xf64>) -> tensor<13x1025xf64>
  return %y : tensor<13x1025xf64>
}

// An operand that lies the other way round is packed; a long sum goes block by block.
func.func @by_transposed(%a: tensor<70x150xf64>, %b: tensor<90x150xf64>) -> tensor<70x90xf64> attributes {test.large} {
  %bt = nn.transpose %b permutation [1, 0] : (tensor<90x150xf64>) -> tensor<150x90xf64>
  %y = nn.matmul %a, %bt : (tensor<70x150xf64>, tensor<150x90xf64>) -> tensor<70x90xf64>
  return %y : tensor<70x90xf64>
}

func.func @long_sum(%a: tensor<6011x65xf64>, %b: tensor<6011x66xf64>) -> tensor<65x66xf64> attributes {test.large} {
  %at = nn.transpose %a permutation [1, 0] : (tensor<6011x65xf64>) -> tensor<65x6011xf64>
  %y = nn.matmul %at, %b : (tensor<65x6011xf64>, tensor<6011x66xf64>) -> tensor<65x66xf64>
  return %y : tensor<65x66xf64>
}

// A sum over far more than it yields is two, each over a half, and their sum.
func.func @halves(%a: tensor<1024x64xf64>, %b: tensor<1024x48xf64>) -> tensor<64x48xf64> attributes {test.large} {
  %at = nn.transpose %a permutation [1, 0] : (tensor<1024x64xf64>) -> tensor<64x1024xf64>
  %y = nn.matmul %at, %b : (tensor<64x1024xf64>, tensor<1024x48xf64>) -> tensor<64x48xf64>
  return %y : tensor<64x48xf64>
}

// An operand that lies the other way round and is needed often is turned as a whole.
func.func @by_turned(%a: tensor<517x251xf64>, %b: tensor<517x301xf64>) -> tensor<251x301xf64> attributes {test.large} {
  %at = nn.transpose %a permutation [1, 0] : (tensor<517x251xf64>) -> tensor<251x517xf64>
  %y = nn.matmul %at, %b : (tensor<251x517xf64>, tensor<517x301xf64>) -> tensor<251x301xf64>
  return %y : tensor<251x301xf64>
}

// Attention of two heads: what comes after the first product runs sample by sample where there are groups.
func.func @attention(%x: tensor<24x5xf64>, %w: tensor<5x12xf64>) -> tensor<24x4xf64> {
  %p = nn.matmul %x, %w : (tensor<24x5xf64>, tensor<5x12xf64>) -> tensor<24x12xf64>
  %s = nn.reshape %p shape [4, 6, 12] : (tensor<24x12xf64>) -> tensor<4x6x12xf64>
  %c:3 = nn.split %s axis 2 sizes [4, 4, 4] : (tensor<4x6x12xf64>) -> (tensor<4x6x4xf64>, tensor<4x6x4xf64>, tensor<4x6x4xf64>)
  %q0 = nn.reshape %c#0 shape [4, 6, 2, 2] : (tensor<4x6x4xf64>) -> tensor<4x6x2x2xf64>
  %k0 = nn.reshape %c#1 shape [4, 6, 2, 2] : (tensor<4x6x4xf64>) -> tensor<4x6x2x2xf64>
  %v0 = nn.reshape %c#2 shape [4, 6, 2, 2] : (tensor<4x6x4xf64>) -> tensor<4x6x2x2xf64>
  %q = nn.transpose %q0 permutation [0, 2, 1, 3] : (tensor<4x6x2x2xf64>) -> tensor<4x2x6x2xf64>
  %k = nn.transpose %k0 permutation [0, 2, 3, 1] : (tensor<4x6x2x2xf64>) -> tensor<4x2x2x6xf64>
  %v = nn.transpose %v0 permutation [0, 2, 1, 3] : (tensor<4x6x2x2xf64>) -> tensor<4x2x6x2xf64>
  %scores = nn.matmul %q, %k : (tensor<4x2x6x2xf64>, tensor<4x2x2x6xf64>) -> tensor<4x2x6x6xf64>
  %m = nn.reduce_max %scores axes [3] : (tensor<4x2x6x6xf64>) -> tensor<4x2x6xf64>
  %top = nn.stop_gradient %m : tensor<4x2x6xf64>
  %topb = nn.broadcast %top axes [3] sizes [6] : (tensor<4x2x6xf64>) -> tensor<4x2x6x6xf64>
  %d = nn.sub %scores, %topb : tensor<4x2x6x6xf64>
  %e = nn.exp %d : tensor<4x2x6x6xf64>
  %t = nn.reduce_sum %e axes [3] : (tensor<4x2x6x6xf64>) -> tensor<4x2x6xf64>
  %tb = nn.broadcast %t axes [3] sizes [6] : (tensor<4x2x6xf64>) -> tensor<4x2x6x6xf64>
  %a = nn.div %e, %tb : tensor<4x2x6x6xf64>
  %y = nn.matmul %a, %v : (tensor<4x2x6x6xf64>, tensor<4x2x6x2xf64>) -> tensor<4x2x6x2xf64>
  %z = nn.transpose %y permutation [0, 2, 1, 3] : (tensor<4x2x6x2xf64>) -> tensor<4x6x2x2xf64>
  %r = nn.reshape %z shape [24, 4] : (tensor<4x6x2x2xf64>) -> tensor<24x4xf64>
  return %r : tensor<24x4xf64>
}
