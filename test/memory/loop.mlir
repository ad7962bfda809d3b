// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize | FileCheck %s

// What is carried has one memory, here the output's: each turn writes it where it stands, point by point. Slices are
// read and stacks written in place: nothing is copied but the start, and the arena stays empty.

// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    dlc.arena_bytes = 0
// CHECK:         linalg.generic
// CHECK:         scf.for %[[TURN:[a-z0-9]+]] =
// CHECK:           %[[BYTES:.*]] = arith.muli %[[TURN]], %{{.*}}
// CHECK:           %[[SHIFT:.*]] = arith.addi %{{.*}}, %[[BYTES]]
// CHECK:           memref.view %{{.*}}[%[[SHIFT]]][] : memref<{{.*}}> to memref<16xf32>
// CHECK:           linalg.generic
// CHECK-NOT:       linalg.generic
// CHECK:         return
func.func @in_place(%h0: tensor<16xf32>, %x: tensor<5x16xf32>) -> (tensor<16xf32>, tensor<5x16xf32>) {
  %end, %all = nn.loop 5 carry(%h0) slices(%x) {
  ^turn(%h: tensor<16xf32>, %xt: tensor<16xf32>):
    %p = nn.mul %h, %xt : tensor<16xf32>
    %next = nn.tanh %p : tensor<16xf32>
    nn.yield %next, %p : tensor<16xf32>, tensor<16xf32>
  } : (tensor<16xf32>, tensor<5x16xf32>) -> (tensor<16xf32>, tensor<5x16xf32>)
  return %end, %all : tensor<16xf32>, tensor<5x16xf32>
}

// -----

// A product reads all of what was carried for each part of what will be: it waits in the arena to the turn's end.

// CHECK-LABEL: func.func @waits
// CHECK-SAME:    dlc.arena_bytes = 64
// CHECK:         scf.for
// CHECK:           "reduction"]
// CHECK:           linalg.yield
// CHECK:           linalg.generic {{.*}} ["parallel", "parallel"]}
// CHECK-NOT:       linalg.generic
// CHECK:         return
func.func @waits(%h0: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %end = nn.loop 5 carry(%h0) slices() {
  ^turn(%h: tensor<2x2xf32>):
    %next = nn.matmul %h, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    nn.yield %next : tensor<2x2xf32>
  } : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %end : tensor<2x2xf32>
}

// -----

// A value made before the loop and used in it lies apart from all that the turns make; what only the loop takes is
// overwritten by what it becomes.

// CHECK-LABEL: func.func @around
// CHECK-SAME:    dlc.arena_bytes = 192
// CHECK-COUNT-2: math.
// CHECK:         scf.for
func.func @around(%a: tensor<16xf32>, %b: tensor<16xf32>) -> tensor<f32> {
  %e = nn.exp %a : tensor<16xf32>
  %k = nn.log %b : tensor<16xf32>
  %s = nn.reduce_sum %k axes [0] : (tensor<16xf32>) -> tensor<f32>
  %end = nn.loop 3 carry(%e) slices() {
  ^turn(%h: tensor<16xf32>):
    %next = nn.div %h, %k : tensor<16xf32>
    nn.yield %next : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  %t = nn.reduce_sum %end axes [0] : (tensor<16xf32>) -> tensor<f32>
  %y = nn.mul %s, %t : tensor<f32>
  return %y : tensor<f32>
}

// -----

// Parts of a product are read where they lie, over the gaps; the parts of a whole are written where they are wanted.

// CHECK-LABEL: func.func @parts
// CHECK-SAME:    dlc.arena_bytes = 192
// CHECK:         memref.subview %{{.*}}[0, 0] [4, 8] [1, 1]
// CHECK:         memref.subview %{{.*}}[0, 4] [4, 8] [1, 1]
// CHECK:         memref.subview %{{.*}}[0, 8] [4, 4] [1, 1]
// CHECK:         memref.subview %{{.*}}[0, 0] [4, 4] [1, 1]
// CHECK-NOT:     linalg.generic {{.*}} ["parallel", "parallel"]} {{.*}} outs(%view
func.func @parts(%x: tensor<4x3xf32>, %w: tensor<3x12xf32>) -> tensor<4x12xf32> {
  %z = nn.matmul %x, %w : (tensor<4x3xf32>, tensor<3x12xf32>) -> tensor<4x12xf32>
  %a, %b = nn.split %z axis 1 sizes [8, 4] : (tensor<4x12xf32>) -> (tensor<4x8xf32>, tensor<4x4xf32>)
  %s = nn.sigmoid %a : tensor<4x8xf32>
  %t = nn.tanh %b : tensor<4x4xf32>
  %y = nn.concat %t, %s axis 1 : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x12xf32>
  return %y : tensor<4x12xf32>
}
