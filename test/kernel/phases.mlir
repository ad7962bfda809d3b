// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize | FileCheck %s
// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize -dlc-kernels | FileCheck %s --check-prefix=FLOPS

// The gradient by the input of a strided convolution multiplies no zeros: two operations for each of
// the 2 * 8 * 4 * 4 elements of dy, 4 channels and 9 weights. Nothing is copied: dy is written into its
// padding, and each phase to its rows and columns of dx.

// FLOPS-LABEL: func.func @stride_2
// FLOPS-SAME:    dlc.flops = 18432 : i64

// CHECK-LABEL: func.func @stride_2
// CHECK:         linalg.generic {{.*}} outs({{.*}} memref<2x8x5x5xf32>)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      arith.constant 0.0
// CHECK:         %[[DY:.*]] = memref.subview {{.*}}[0, 0, 0, 0] [2, 8, 4, 4] [1, 1, 1, 1] : memref<2x8x5x5xf32>
// CHECK:         linalg.generic {{.*}} outs(%[[DY]]
// CHECK:           math.tanh
// CHECK:         %[[EVEN_EVEN:.*]] = memref.subview {{.*}}[0, 0, 0, 0] [2, 4, 4, 4] [1, 1, 2, 2]
// CHECK:         linalg.generic {{.*}}"reduction"{{.*}} memref<1x1xi8>) outs(%[[EVEN_EVEN]]
// CHECK:         %[[EVEN_ODD:.*]] = memref.subview {{.*}}[0, 0, 0, 1] [2, 4, 4, 4] [1, 1, 2, 2]
// CHECK:         linalg.generic {{.*}}"reduction"{{.*}} memref<1x2xi8>) outs(%[[EVEN_ODD]]
// CHECK:         %[[ODD_EVEN:.*]] = memref.subview {{.*}}[0, 0, 1, 0] [2, 4, 4, 4] [1, 1, 2, 2]
// CHECK:         linalg.generic {{.*}}"reduction"{{.*}} memref<2x1xi8>) outs(%[[ODD_EVEN]]
// CHECK:         %[[ODD_ODD:.*]] = memref.subview {{.*}}[0, 0, 1, 1] [2, 4, 4, 4] [1, 1, 2, 2]
// CHECK:         linalg.generic {{.*}}"reduction"{{.*}} memref<2x2xi8>) outs(%[[ODD_ODD]]
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @stride_2(%x: tensor<2x8x4x4xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<2x4x8x8xf32> {
  %dy = nn.tanh %x : tensor<2x8x4x4xf32>
  %dx = nn.conv2d_grad_input %dy, %w shape [2, 4, 8, 8]
      stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x8x4x4xf32>, tensor<8x4x3x3xf32>) -> tensor<2x4x8x8xf32>
  return %dx : tensor<2x4x8x8xf32>
}

// -----

// Phases without taps are filled, and nothing else is: dy needs no padding, and dx lies in the output.

// FLOPS-LABEL: func.func @shortcut
// FLOPS-SAME:    dlc.flops = 2048 : i64

// CHECK-LABEL: func.func @shortcut
// CHECK-SAME:    dlc.arena_bytes = 0
// CHECK:         memref.subview {{.*}}[0, 0, 0, 0] [2, 4, 4, 4] [1, 1, 2, 2]
// CHECK-NEXT:    linalg.generic {{.*}}"reduction"
// CHECK-COUNT-3: arith.constant 0.0
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @shortcut(%dy: tensor<2x8x4x4xf32>, %w: tensor<8x4x1x1xf32>) -> tensor<2x4x8x8xf32> {
  %dx = nn.conv2d_grad_input %dy, %w shape [2, 4, 8, 8]
      stride [2, 2] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x8x4x4xf32>, tensor<8x4x1x1xf32>) -> tensor<2x4x8x8xf32>
  return %dx : tensor<2x4x8x8xf32>
}
