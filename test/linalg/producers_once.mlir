// RUN: dlc-opt %s -dlc-nn-to-linalg -dlc-fuse | FileCheck %s

// A nest of several results goes into what reads two of them once, and so do they all: three times
// the operations, not eight.

// CHECK-LABEL: func.func @chain
// CHECK:         linalg.generic
// CHECK-COUNT-3:   math.tanh
// CHECK-NOT:       math.tanh
// CHECK:         return
func.func @chain(%x: tensor<64xf32>)
    -> (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) {
  %a = nn.tanh %x : tensor<64xf32>
  %b = nn.mul %a, %x : tensor<64xf32>
  %c = nn.tanh %b : tensor<64xf32>
  %d = nn.mul %c, %b : tensor<64xf32>
  %e = nn.tanh %d : tensor<64xf32>
  %f = nn.mul %e, %d : tensor<64xf32>
  return %a, %b, %c, %d, %f
      : tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
}
