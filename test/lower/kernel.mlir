// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-place -dlc-kernels=vector-bytes=64 | FileCheck %s

// A product: one accumulator a row and vector, all of them loop arguments; the last three columns
// through a mask.

// CHECK-LABEL: func.func private @kernel_0
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             vector.load {{.*}} vector<16xf32>
// CHECK:             vector.maskedload
// CHECK:             scf.yield
// CHECK:           vector.store
// CHECK:           vector.maskedstore
func.func @product(%a: tensor<5x7xf32>, %b: tensor<7x19xf32>) -> tensor<5x19xf32> {
  %y = nn.matmul %a, %b : (tensor<5x7xf32>, tensor<7x19xf32>) -> tensor<5x19xf32>
  return %y : tensor<5x19xf32>
}

// -----

// Both operands run along the summed axis: its lanes are added up at the end.

// CHECK-LABEL: func.func private @kernel_0
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         vector.reduction <add>
func.func @transposed(%a: tensor<32x512xf32>, %b: tensor<64x512xf32>) -> tensor<32x64xf32> {
  %bt = nn.transpose %b permutation [1, 0] : (tensor<64x512xf32>) -> tensor<512x64xf32>
  %y = nn.matmul %a, %bt : (tensor<32x512xf32>, tensor<512x64xf32>) -> tensor<32x64xf32>
  return %y : tensor<32x64xf32>
}

// -----

// Layers of the same shape share their kernels.

// CHECK:         call @kernel_0
// CHECK:         call @kernel_1
// CHECK:         call @kernel_0
// CHECK:         call @kernel_1
// CHECK:         func.func private @kernel_1
// CHECK-NOT:     func.func private @kernel_2
func.func @layers(%x: tensor<8x16xf32>, %v: tensor<16x16xf32>, %w: tensor<16x16xf32>)
    -> (tensor<8x16xf32>, tensor<8x16xf32>) {
  %y = nn.matmul %x, %v : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %a = nn.tanh %y : tensor<8x16xf32>
  %z = nn.matmul %a, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %b = nn.tanh %z : tensor<8x16xf32>
  return %a, %b : tensor<8x16xf32>, tensor<8x16xf32>
}
