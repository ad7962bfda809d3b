// A sum with its lanes along one reduced dimension while another is cut in blocks: each block goes
// on from what the block before has stored.
// RUN: dlc-test --schedule="0p:3 1r:16@4 2r:16/16 lanes 16 of 2" --print %s | FileCheck %s
// RUN: dlc-test --schedule="0p:3 1r:16@4 2r:16/4 lanes 4 of 2" --vector-bytes=16 %s
// CHECK: vectors of 64 bytes
// CHECK: 0p:3 1r:16@4 2r:16/16 lanes 16 of 2

// A schedule that fits no nest is told.
// RUN: not dlc-test --schedule="0p:4 1r:16" %s 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: kernels: no nest has such a schedule

func.func @sum(%x: tensor<16x3x16xf32>) -> tensor<3xf32> {
  %s = nn.reduce_sum %x axes [0, 2] : (tensor<16x3x16xf32>) -> tensor<3xf32>
  return %s : tensor<3xf32>
}
