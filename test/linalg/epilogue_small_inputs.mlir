// RUN: dlc-opt %s -dlc-nn-to-linalg -canonicalize -cse -dlc-fuse -dlc-tidy -dlc-epilogues | FileCheck %s

// What an epilogue reads beside the sum, and what is small, as the scale of each column, is made
// before the sum.

// CHECK-LABEL: func.func @f(
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<8xf32>)
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<16x8xf32>)
// CHECK:         linalg.generic {{.*}} ins({{.*}}%[[SUM]]{{.*}}dlc.epilogue
func.func @f(%x: tensor<16x16xf32>, %w: tensor<16x8xf32>, %o: tensor<4x8xf32>) -> tensor<16x8xf32> {
  %s = nn.matmul %x, %w : (tensor<16x16xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  %scale = nn.reduce_sum %o axes [0] : (tensor<4x8xf32>) -> tensor<8xf32>
  %b = nn.broadcast %scale axes [0] sizes [16] : (tensor<8xf32>) -> tensor<16x8xf32>
  %y = nn.mul %s, %b : tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}
