// RUN: dlc-opt %s -dlc-linalg -dlc-llvm=vector-bytes=64 -o %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir -o %t.ll
// RUN: opt -O2 -mtriple=x86_64-linux-gnu -mcpu=x86-64-v4 -mattr=-prefer-256-bit %t.ll -o %t.bc
// RUN: llc -O3 -mcpu=x86-64-v4 -mattr=-prefer-256-bit %t.bc -o - | FileCheck %s

// The loops of products and convolutions keep their accumulators in registers.

// CHECK:     vfmadd231ps {{.*}}%zmm
// CHECK-NOT: (%rsp){{.*}}%zmm
// CHECK-NOT: %zmm{{.*}}(%rsp)
func.func @forward(%x: tensor<64x512xf32>, %w: tensor<512x256xf32>) -> tensor<64x256xf32> {
  %y = nn.matmul %x, %w : (tensor<64x512xf32>, tensor<512x256xf32>) -> tensor<64x256xf32>
  return %y : tensor<64x256xf32>
}
func.func @convolution(%x: tensor<2x16x30x30xf32>, %w: tensor<32x16x3x3xf32>) -> tensor<2x32x28x28xf32> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<2x16x30x30xf32>, tensor<32x16x3x3xf32>) -> tensor<2x32x28x28xf32>
  return %y : tensor<2x32x28x28xf32>
}
