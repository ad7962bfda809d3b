// What the forms of a kernel would take, and the schedules of the one that it has: the chosen one,
// marked, and the best of the losers, each with what it takes and of what.
// RUN: dlc-opt %s -dlc-linalg -dlc-bufferize -dlc-outline-kernels=print-schedules=3 2>&1 >%t | FileCheck %s

// CHECK:      kernel_0
// CHECK-NEXT: {{[0-9]+}}  as it is
// CHECK-NEXT: {{[0-9]+}}  buffer 0 pre-transposed
// CHECK-NEXT: {{[0-9]+}}  buffer 1 pre-transposed
// CHECK-NEXT: cycles issue{{.*}}from afar{{.*}}schedule
// CHECK-NEXT: {{^\* +[0-9]+ .*}} 0p:64/{{.*}} items
// CHECK-NEXT: {{^  +[0-9]+ .*}} 0p:64/{{.*}} items
// CHECK-NEXT: {{^  +[0-9]+ .*}} 0p:64/{{.*}} items
// CHECK-NOT:  items
func.func @product(%a: tensor<256x64xf32>, %b: tensor<256x512xf32>) -> tensor<64x512xf32> {
  %t = nn.transpose %a permutation [1, 0] : (tensor<256x64xf32>) -> tensor<64x256xf32>
  %y = nn.matmul %t, %b : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32>
  return %y : tensor<64x512xf32>
}

// Several changes pay only together: columns cut into items, each for many rows, and packed.

// CHECK:      kernel_1
// CHECK:      {{^\*.* 0p:2048/[0-9]+@[0-9]+ 1p:1024/[0-9]+@[0-9]+ 2r:256 lanes 16 of 1 packs 1 items}}
func.func @wide(%a: tensor<2048x256xf32>, %b: tensor<256x1024xf32>) -> tensor<2048x1024xf32> {
  %y = nn.matmul %a, %b : (tensor<2048x256xf32>, tensor<256x1024xf32>) -> tensor<2048x1024xf32>
  return %y : tensor<2048x1024xf32>
}
