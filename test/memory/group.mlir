// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-group="least-bytes=0 fewest-parts=2" -dlc-bufferize -dlc-share-loops | FileCheck %s
// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-group -dlc-bufferize -dlc-share-loops | FileCheck %s --check-prefix=SMALL

// Nests in which each of four samples goes its own way: all of them for two samples, then for the other two. What is
// reshaped without parting a sample is parted, too.

// SMALL-NOT: dlc.shared
// CHECK-LABEL: func.func @softmax
// CHECK: scf.for %[[PART:.*]] = %{{.*}} to %c2
// CHECK:   linalg.generic {{.*}} ins(%{{.*}} : memref<2x3x8xf32>) outs(%{{.*}} : memref<2x3xf32>)
// CHECK:   linalg.generic {{.*}} ins(%{{.*}} : memref<2x3x8xf32>, memref<2x3xf32>) outs(%{{.*}} : memref<2x3x8xf32>
// CHECK:   linalg.generic
// CHECK: } {dlc.shared}
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @softmax(%x: tensor<12x8xf32>) -> tensor<4x3x8xf32> {
  %s = nn.reshape %x shape [4, 3, 8] : (tensor<12x8xf32>) -> tensor<4x3x8xf32>
  %m = nn.reduce_max %s axes [2] : (tensor<4x3x8xf32>) -> tensor<4x3xf32>
  %mb = nn.broadcast %m axes [2] sizes [8] : (tensor<4x3xf32>) -> tensor<4x3x8xf32>
  %d = nn.sub %s, %mb : tensor<4x3x8xf32>
  %e = nn.exp %d : tensor<4x3x8xf32>
  %t = nn.reduce_sum %e axes [2] : (tensor<4x3x8xf32>) -> tensor<4x3xf32>
  %tb = nn.broadcast %t axes [2] sizes [8] : (tensor<4x3xf32>) -> tensor<4x3x8xf32>
  %y = nn.div %e, %tb : tensor<4x3x8xf32>
  return %y : tensor<4x3x8xf32>
}

// -----

// A sum over the samples ends a group: what reads it needs all of them.

// CHECK-LABEL: func.func @sum
// CHECK-NOT: dlc.shared
// SMALL-LABEL: func.func @sum
func.func @sum(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %e = nn.exp %x : tensor<4x6xf32>
  %s = nn.reduce_sum %e axes [0] : (tensor<4x6xf32>) -> tensor<6xf32>
  %b = nn.broadcast %s axes [0] sizes [4] : (tensor<6xf32>) -> tensor<4x6xf32>
  %y = nn.div %e, %b : tensor<4x6xf32>
  return %y : tensor<4x6xf32>
}
