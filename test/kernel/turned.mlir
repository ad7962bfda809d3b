// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=32 | FileCheck %s

// A transposition reads squares: as many rows as there are lanes, shuffled three times, are as many
// columns.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    0p:1024/8{{.*}}1p:1024/8
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-24: vector.shuffle
// CHECK-NOT:     vector.shuffle
// CHECK-COUNT-8: vector.store
func.func @transposition(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
  %y = nn.transpose %x permutation [1, 0] : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  return %y : tensor<1024x1024xf32>
}

// -----

// A gradient of weights: the sum's steps lie far apart in its first operand, which is turned once,
// in memory behind the arena's plan, instead of copied block by block.

// CHECK-LABEL: func.func @gradient
// CHECK-SAME:    dlc.arena_bytes = 524288
// CHECK:         %[[TURNED:.*]] = memref.view %arg0[%c0{{.*}}][] : memref<524288xi8> to memref<131072xf32>
// CHECK:         call @kernel_0_transposed({{.*}}, %[[TURNED]],
// CHECK:         call @kernel_0({{.*}}%[[TURNED]],
// CHECK:         func.func private @kernel_0_transposed
// CHECK-SAME:    dlc.schedule = "1p:256/8 0p:512/8
// CHECK:         func.func private @kernel_0
// CHECK-SAME:    packs 1 items
func.func @gradient(%a: tensor<512x256xf32>, %b: tensor<512x512xf32>) -> tensor<256x512xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<512x256xf32>) -> tensor<256x512xf32>
  %y = nn.matmul %at, %b : (tensor<256x512xf32>, tensor<512x512xf32>) -> tensor<256x512xf32>
  return %y : tensor<256x512xf32>
}

// -----

// With few columns the copy would take as long as the sums.

// CHECK-LABEL: func.func @narrow
// CHECK-NOT:     _transposed
func.func @narrow(%a: tensor<512x256xf32>, %b: tensor<512x32xf32>) -> tensor<256x32xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<512x256xf32>) -> tensor<256x512xf32>
  %y = nn.matmul %at, %b : (tensor<256x512xf32>, tensor<512x32xf32>) -> tensor<256x32xf32>
  return %y : tensor<256x32xf32>
}

// -----

// What is read from its end on comes in whole vectors, whose lanes change places; the last three
// lanes through a mask.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-NOT:     vector.gather
// CHECK:         vector.load
// CHECK:         vector.shuffle {{.*}} [15, 14, 13, 12, 11, 10, 9, 8]
// CHECK:         vector.store
// CHECK:         vector.maskedload
// CHECK:         vector.shuffle {{.*}} [10, 9, 8, 8, 8, 8, 8, 8]
// CHECK-NOT:     vector.gather
func.func @flip(%x: tensor<64x67xf32>) -> tensor<64x67xf32> {
  %y = nn.flip %x axes [1] : (tensor<64x67xf32>) -> tensor<64x67xf32>
  return %y : tensor<64x67xf32>
}
