// RUN: not dlc-opt %s -dlc-differentiate 2>&1 | FileCheck %s

// A derivative that does not exist is refused, with the place in the network.

// CHECK: net.nn:9:5: error: `nn.max_pool2d_grad` cannot be differentiated here: the second derivative of max_pool2d is not implemented
func.func @train(%x: tensor<1x1x2x2xf32>, %w: tensor<1x1x1x1xf32> {nn.kind = "param"})
    -> (tensor<f32> {nn.kind = "loss"}) {
  %y = nn.max_pool2d_grad %x, %w kernel [2, 2] stride [2, 2] pad [0, 0, 0, 0]
      : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32> loc("net.nn":9:5)
  %loss = nn.reduce_sum %y axes [0, 1, 2, 3] : (tensor<1x1x2x2xf32>) -> tensor<f32>
  return %loss : tensor<f32>
}
