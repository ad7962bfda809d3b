// RUN: dlc-test %s

// Uniform numbers by Philox4x32-10: the high 24 bits of each word.

// Counter and key 0, the known answer of Random123: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
func.func @zeros(%key: tensor<4xi32>) -> tensor<4xf64>
  attributes {
    test.inputs = [dense<0> : tensor<4xi32>],
    test.expected = [dense<[0.3990464210510254, 0.8805201649665833, 0.7357127666473389, 0.6054818034172058]> : tensor<4xf64>]
  } {
  %y = nn.random_uniform %key shape [4] stream 0 element f64 : (tensor<4xi32>) -> tensor<4xf64>
  return %y : tensor<4xf64>
}

// The seed is the key; stream and step are in the counter, after the position. The second four
// numbers have their own counter.
func.func @places(%key: tensor<4xi32>) -> tensor<2x3xf64>
  attributes {
    test.inputs = [dense<[608135816, -2052912941, 320440878, 57701188]> : tensor<4xi32>],
    test.expected = [dense<[[0.3810623288154602, 0.508267879486084, 0.17339718341827393],
                            [0.18459051847457886, 0.26184672117233276, 0.7846845388412476]]> : tensor<2x3xf64>]
  } {
  %y = nn.random_uniform %key shape [2, 3] stream 5 element f64
      : (tensor<4xi32>) -> tensor<2x3xf64>
  return %y : tensor<2x3xf64>
}

// Random numbers have no gradient; what they scale does.
func.func @scaled(%key: tensor<4xi32>, %x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %r = nn.random_uniform %key shape [3, 17] stream 1 element f64 : (tensor<4xi32>) -> tensor<3x17xf64>
  %y = nn.mul %r, %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}
