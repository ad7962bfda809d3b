// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s -mlir-print-op-generic | dlc-opt | FileCheck %s

// All attributes of the contract, as they are written.

// CHECK: #dlc.convolution<image, [n, k, h, w, c, r, s]>
#image = affine_map<(n, k, p, q, c, r, s) -> (n, c, p + r, q + s)>
#filter = affine_map<(n, k, p, q, c, r, s) -> (k, c, r, s)>
#result = affine_map<(n, k, p, q, c, r, s) -> (n, k, p, q)>
func.func @convolution(%x: tensor<2x3x6x6xf32>, %w: tensor<4x3x3x3xf32>, %y: tensor<2x4x4x4xf32>) {
  %0 = linalg.generic {
      indexing_maps = [#image, #filter, #result],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<2x3x6x6xf32>, tensor<4x3x3x3xf32>) outs(%y : tensor<2x4x4x4xf32>)
      attrs = {dlc.convolution = #dlc.convolution<image, [n, k, h, w, c, r, s]>} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %c, %p : f32
      linalg.yield %sum : f32
    } -> tensor<2x4x4x4xf32>
  return
}

// CHECK: func.func @bufferized(%{{.*}}: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>},
// CHECK-SAME:              %{{.*}}: memref<60xi8> {dlc.buffer = #dlc.buffer<input, 1>})
// CHECK-SAME: dlc.arena_bytes = 64 : i64
// CHECK-SAME: dlc.flops = 0 : i64
// CHECK: linalg.generic
// CHECK-SAME: dlc.nonzero = [array<i64: 0, 3, 1, 4>]
// CHECK-SAME: dlc.padding = [distinct[0]<>]
// CHECK-SAME: dlc.start = [0.000000e+00 : f32]
// CHECK: linalg.generic
// CHECK-SAME: dlc.epilogue = #dlc.epilogue<input = 0, sum = kept>
// CHECK-SAME: dlc.group = #dlc.group<number = 0, parts = 3>
// CHECK: call @kernel_0
// CHECK-SAME: dlc.work = 7 : i64
// CHECK: func.func private @kernel_0
// CHECK-SAME: dlc.schedule = "0p:3"
#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
#line = affine_map<(i) -> (i)>
func.func @bufferized(%arena: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>},
                  %input: memref<60xi8> {dlc.buffer = #dlc.buffer<input, 1>})
    attributes {dlc.arena_bytes = 64 : i64, dlc.flops = 0 : i64} {
  %begin = arith.constant 0 : index
  %x = memref.view %input[%begin][] : memref<60xi8> to memref<3x5xf32>
  %s = memref.view %arena[%begin][] : memref<64xi8> to memref<3xf32>
  linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x5xf32>) outs(%s : memref<3xf32>)
      attrs = {dlc.start = [0.0 : f32], dlc.nonzero = [array<i64: 0, 3, 1, 4>], dlc.padding = [distinct[0]<>]} {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    }
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%s : memref<3xf32>) outs(%s : memref<3xf32>)
      attrs = {dlc.epilogue = #dlc.epilogue<input = 0, sum = kept>, dlc.group = #dlc.group<number = 0, parts = 3>} {
    ^bb0(%a: f32, %b: f32):
      %0 = math.tanh %a : f32
      linalg.yield %0 : f32
    }
  call @kernel_0(%s, %begin, %begin) {dlc.work = 7 : i64} : (memref<3xf32>, index, index) -> ()
  return
}
func.func private @kernel_0(memref<3xf32>, index, index) attributes {dlc.schedule = "0p:3"}
