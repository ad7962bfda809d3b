// RUN: dlc-opt %s -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=32 | FileCheck %s

// Rows are found by their index, not by comparing it with the number of each: a token is an item, and its row is
// copied by whole vectors and a masked one.
// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME: dlc.schedule = "gather 8 lanes"
// CHECK: %[[n:.+]] = memref.load %{{.+}} : memref<5xi32>
// CHECK: %[[is:.+]] = arith.cmpi ult, %[[n]]
// CHECK: scf.if %[[is]]
// CHECK: scf.for
// CHECK: vector.load
// CHECK: vector.store
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
// CHECK: } else {
func.func @gather(%table: tensor<1000x20xf32> {nn.kind = "input", nn.index = 0 : i64, nn.name = "table"},
                  %index: tensor<5xi32> {nn.kind = "input", nn.index = 1 : i64, nn.name = "index"})
    -> (tensor<5x20xf32> {nn.kind = "output", nn.index = 0 : i64, nn.name = "y"}) {
  %y = nn.gather %table, %index : (tensor<1000x20xf32>, tensor<5xi32>) -> tensor<5x20xf32>
  return %y : tensor<5x20xf32>
}

// Rows are added up in the order of the tokens, whichever thread has the columns.
// CHECK-LABEL: func.func private @kernel_1
// CHECK-SAME: dlc.schedule = "scatter_add 8 lanes"
func.func @scatter(%x: tensor<5x72xf32> {nn.kind = "input", nn.index = 0 : i64, nn.name = "x"},
                   %index: tensor<5xi32> {nn.kind = "input", nn.index = 1 : i64, nn.name = "index"})
    -> (tensor<1000x72xf32> {nn.kind = "output", nn.index = 0 : i64, nn.name = "y"}) {
  %y = nn.scatter_add %x, %index rows 1000 : (tensor<5x72xf32>, tensor<5xi32>) -> tensor<1000x72xf32>
  return %y : tensor<1000x72xf32>
}
