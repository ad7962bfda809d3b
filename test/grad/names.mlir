// RUN: dlc-opt %s -dlc-differentiate -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// The gradient of a value named `z` is named `d(z)`, and stands at the place of `z`.

// CHECK: nn.mul {{.*}} loc(fused["d(z)", "net.nn":7:3])
// CHECK: nn.mul {{.*}} loc(fused["d(w)", "net.nn":6:3])
func.func @train(%w: tensor<f32> {nn.kind = "param", nn.name = "w"} loc("w"))
    -> (tensor<f32> {nn.kind = "loss"}) {
  %z = nn.exp %w : tensor<f32> loc(fused["z", "net.nn":6:3])
  %loss = nn.exp %z : tensor<f32> loc(fused["loss", "net.nn":7:3])
  return %loss : tensor<f32>
}
