// RUN: dlc-test %s

// Whole layers, composed as the standard library composes them: gradients through many operations at
// once, and the compiled code of their fusions.

// Cross entropy of logits. The largest logit is taken out as a constant, which is right although its
// own gradient is left out: the result does not depend on it.
func.func @cross_entropy(%logits: tensor<3x7xf64>, %label: tensor<3xi32> {test.below = 7 : i64})
    -> tensor<3xf64> {
  %max = nn.reduce_max %logits axes [1] : (tensor<3x7xf64>) -> tensor<3xf64>
  %largest = nn.stop_gradient %max : tensor<3xf64>
  %spread = nn.broadcast %largest axes [1] sizes [7] : (tensor<3xf64>) -> tensor<3x7xf64>
  %shifted = nn.sub %logits, %spread : tensor<3x7xf64>
  %e = nn.exp %shifted : tensor<3x7xf64>
  %total = nn.reduce_sum %e axes [1] : (tensor<3x7xf64>) -> tensor<3xf64>
  %log = nn.log %total : tensor<3xf64>
  %spread_log = nn.broadcast %log axes [1] sizes [7] : (tensor<3xf64>) -> tensor<3x7xf64>
  %log_softmax = nn.sub %shifted, %spread_log : tensor<3x7xf64>
  %one_hot = nn.one_hot %label classes 7 element f64 : (tensor<3xi32>) -> tensor<3x7xf64>
  %picked = nn.mul %log_softmax, %one_hot : tensor<3x7xf64>
  %sum = nn.reduce_sum %picked axes [1] : (tensor<3x7xf64>) -> tensor<3xf64>
  %loss = nn.neg %sum : tensor<3xf64>
  return %loss : tensor<3xf64>
}

// Two dense layers with a ReLU between them.
func.func @dense(%x: tensor<5x7xf64>, %w1: tensor<7x17xf64>, %b1: tensor<17xf64>,
                 %w2: tensor<17x3xf64>, %b2: tensor<3xf64>) -> tensor<5x3xf64> {
  %zero = nn.constant dense<0.0> : tensor<5x17xf64>
  %p1 = nn.matmul %x, %w1 : (tensor<5x7xf64>, tensor<7x17xf64>) -> tensor<5x17xf64>
  %s1 = nn.broadcast %b1 axes [0] sizes [5] : (tensor<17xf64>) -> tensor<5x17xf64>
  %z1 = nn.add %p1, %s1 : tensor<5x17xf64>
  %a1 = nn.max %z1, %zero : tensor<5x17xf64>
  %p2 = nn.matmul %a1, %w2 : (tensor<5x17xf64>, tensor<17x3xf64>) -> tensor<5x3xf64>
  %s2 = nn.broadcast %b2 axes [0] sizes [5] : (tensor<3xf64>) -> tensor<5x3xf64>
  %y = nn.add %p2, %s2 : tensor<5x3xf64>
  return %y : tensor<5x3xf64>
}

// Convolution with bias, tanh, pooling, flattening.
func.func @convolution(%x: tensor<2x2x6x6xf64>, %w: tensor<3x2x3x3xf64>, %b: tensor<3xf64>)
    -> tensor<2x27xf64> {
  %c = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x2x6x6xf64>, tensor<3x2x3x3xf64>) -> tensor<2x3x6x6xf64>
  %s = nn.broadcast %b axes [0, 2, 3] sizes [2, 6, 6] : (tensor<3xf64>) -> tensor<2x3x6x6xf64>
  %z = nn.add %c, %s : tensor<2x3x6x6xf64>
  %a = nn.tanh %z : tensor<2x3x6x6xf64>
  %p = nn.max_pool2d %a kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<2x3x6x6xf64>) -> tensor<2x3x3x3xf64>
  %y = nn.reshape %p shape [2, 27] : (tensor<2x3x3x3xf64>) -> tensor<2x27xf64>
  return %y : tensor<2x27xf64>
}

// Dropout: random numbers choose, and what they choose is scaled.
func.func @dropout(%key: tensor<4xi32>, %x: tensor<7x17xf64>) -> tensor<7x17xf64> {
  %half = nn.constant dense<0.5> : tensor<7x17xf64>
  %two = nn.constant dense<2.0> : tensor<7x17xf64>
  %zero = nn.constant dense<0.0> : tensor<7x17xf64>
  %r = nn.random_uniform %key shape [7, 17] stream 0 element f64 : (tensor<4xi32>) -> tensor<7x17xf64>
  %kept = nn.less_equal %half, %r : tensor<7x17xf64>
  %scaled = nn.mul %x, %two : tensor<7x17xf64>
  %y = nn.select %kept, %scaled, %zero : tensor<7x17xi1>, tensor<7x17xf64>
  return %y : tensor<7x17xf64>
}
