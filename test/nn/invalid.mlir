// RUN: not dlc-opt %s -split-input-file 2>&1 | FileCheck %s

// Shapes are checked by the signatures in stdlib/ops.nn, as in the language.

func.func @elements(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`reshape` to [7], which has 7 elements, of f32[2, 3], which has 6
  nn.reshape %x shape [7] : (tensor<2x3xf32>) -> tensor<7xf32>
  return
}

// -----

func.func @inner(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}axis 0 of `b` is 4, but axis 1 of `a` is 3
  nn.matmul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @result(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}inferred type(s) 'tensor<3xf32>' are incompatible with return type(s) of operation 'tensor<2xf32>'
  nn.reduce_sum %x axes [0] : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @axes(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`reduce_sum` of f32[2, 3] needs ascending axes of it, found [2]
  nn.reduce_sum %x axes [2] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @reversed(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`flip` of f32[2, 3] needs ascending axes of it, found [1, 1]
  nn.flip %x axes [1, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @permutation(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`transpose` of f32[2, 3] needs each axis once, found [0, 0]
  nn.transpose %x permutation [0, 0] : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @window(%x: tensor<1x1x2x2xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}a 3x3 window does not fit the input of 2x2
  nn.max_pool2d %x kernel [3, 3] stride [1, 1] pad [0, 0, 0, 0] : (tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32>
  return
}

// -----

func.func @sides(%x: tensor<1x1x4x4xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}attribute 'pad' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements whose value is non-negative
  nn.max_pool2d %x kernel [2, 2] stride [2, 2] pad [1, 1] : (tensor<1x1x4x4xf32>) -> tensor<1x1x3x3xf32>
  return
}

// -----

func.func @mixed(%a: tensor<2x3xf32>, %b: tensor<3x5xf64>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`matmul` needs tensors of one type, found f32[2, 3] and f64[3, 5]
  nn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x5xf64>) -> tensor<2x5xf32>
  return
}

// -----

// What a gradient operation is given must be the gradient of that window's result.

func.func @gradient(%dy: tensor<1x1x3x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}takes the gradient of the result of `avg_pool2d`, of type 'tensor<1x1x2x2xf32>', found 'tensor<1x1x3x3xf32>'
  nn.avg_pool2d_grad %dy shape [1, 1, 4, 4] kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x1x3x3xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @concat(%a: tensor<2x3xf32>, %b: tensor<3x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`concat` along axis 1 needs axis 0 to be equal: the first is f32[2, 3], tensor 2 is f32[3, 3]
  nn.concat %a, %b axis 1 : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @split(%x: tensor<2x3xf32>) {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}`split` into sizes [2, 2], which are 4 together, but axis 1 of f32[2, 3] is 3
  nn.split %x axis 1 sizes [2, 2] : (tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  return
}

// -----

func.func @carried(%h0: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}carries a value of type 'tensor<2xf32>' that becomes 'tensor<f32>'
  %h = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<2xf32>):
    %s = nn.reduce_sum %h axes [0] : (tensor<2xf32>) -> tensor<f32>
    nn.yield %s : tensor<f32>
  } : (tensor<2xf32>) -> tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

func.func @slices(%h0: tensor<2xf32>, %x: tensor<4x2xf32>) -> tensor<2xf32> {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}needs slices of type 'tensor<3x2xf32>', found 'tensor<4x2xf32>'
  %h = nn.loop 3 carry(%h0) slices(%x) {
  ^turn(%h: tensor<2xf32>, %xt: tensor<2xf32>):
    nn.yield %xt : tensor<2xf32>
  } : (tensor<2xf32>, tensor<4x2xf32>) -> tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

func.func @stacked(%h0: tensor<2xf32>) -> tensor<2x2xf32> {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}stacks to 'tensor<3x2xf32>', not 'tensor<2x2xf32>'
  %h, %all = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<2xf32>):
    nn.yield %h, %h : tensor<2xf32>, tensor<2xf32>
  } : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2x2xf32>)
  return %all : tensor<2x2xf32>
}

// -----

func.func @arguments(%h0: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: :[[# @LINE + 1]]:{{[0-9]+}}: error: {{.*}}needs a block argument for each carried value and each slice
  %h = nn.loop 3 carry(%h0) slices() {
    nn.yield %h0 : tensor<2xf32>
  } : (tensor<2xf32>) -> tensor<2xf32>
  return %h : tensor<2xf32>
}
