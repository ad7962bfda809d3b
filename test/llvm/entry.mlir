// RUN: dlc-opt %s -dlc-linalg -dlc-llvm=vector-bytes=32 | FileCheck %s

// The entry point of a function takes the call's buffers. Kernels with enough work are run by the
// call's thread pool; the small one is called.

// CHECK-LABEL: llvm.func @dlc_forward(%{{.*}}: !llvm.ptr)
// CHECK-SAME:    dlc.arena_bytes
// CHECK-SAME:    dlc.flops = 8388608
// CHECK:         %[[BIG:.*]] = llvm.mlir.addressof @kernel_0_items
// CHECK:         llvm.call %{{.*}}(%{{.*}}, %[[BIG]], %{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> ()
// CHECK:         llvm.call @kernel_2_items(
// CHECK:         llvm.return
// CHECK-LABEL: llvm.func internal @kernel_0(
// CHECK:         vector<8xf32>
func.func @forward(%x: tensor<128x256xf32>, %w: tensor<256x128xf32>) -> tensor<128xf32> {
  %y = nn.matmul %x, %w : (tensor<128x256xf32>, tensor<256x128xf32>) -> tensor<128x128xf32>
  %s = nn.reduce_max %y axes [1] : (tensor<128x128xf32>) -> tensor<128xf32>
  %e = nn.exp %s : tensor<128xf32>
  return %e : tensor<128xf32>
}
