// RUN: dlc-opt %s -dlc-bufferize -verify-diagnostics

// expected-error @+1 {{has no buffer for `nn.kind` "nothing"}}
func.func @unknown(%x: tensor<3xf32> {nn.kind = "nothing", nn.index = 0 : i64}) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}
