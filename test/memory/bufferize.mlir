// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize | FileCheck %s

// Weights stand in their buffer at multiples of 64 bytes, in the order of their numbers; so do their
// gradients.

// CHECK-LABEL: func.func @layout
// CHECK-SAME:    [[GRADIENTS:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<gradients>
// CHECK-SAME:    [[WEIGHTS:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<weights>
// CHECK:         memref.view [[WEIGHTS]][%{{.*}}][] : memref<{{.*}}> to memref<5xf32>
// CHECK:         memref.view [[GRADIENTS]][%c64{{.*}}]
func.func @layout(%a: tensor<5xf32> {nn.kind = "param", nn.index = 0 : i64},
                  %b: tensor<5xf32> {nn.kind = "param", nn.index = 1 : i64})
    -> (tensor<5xf32> {nn.kind = "gradient", nn.index = 1 : i64}) {
  %y = nn.mul %a, %b : tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// An elementwise result takes the place of an operand that is not needed any more.

// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    dlc.arena_bytes = 192
func.func @in_place(%x: tensor<4x12xf32>, %w: tensor<12x12xf32>) -> tensor<4x12xf32> {
  %z = nn.matmul %x, %w : (tensor<4x12xf32>, tensor<12x12xf32>) -> tensor<4x12xf32>
  %a = nn.tanh %z : tensor<4x12xf32>
  %y = nn.matmul %a, %w : (tensor<4x12xf32>, tensor<12x12xf32>) -> tensor<4x12xf32>
  return %y : tensor<4x12xf32>
}

// -----

// The new state is needed before the old one has been read: it waits in the arena, and is copied at
// the end.

// CHECK-LABEL: func.func @state
// CHECK-SAME:    [[ARENA:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<arena>
// CHECK-SAME:    [[STATE:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<state>
// CHECK-COUNT-2: "reduction"]
// CHECK:         linalg.yield
// CHECK:         %[[FROM:.*]] = memref.view [[ARENA]]
// CHECK:         %[[TO:.*]] = memref.view [[STATE]]
// CHECK:         linalg.generic {{.*}} ins(%[[FROM]] {{.*}} outs(%[[TO]]
// CHECK-NEXT:    ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:      linalg.yield %[[IN]]
func.func @state(%x: tensor<3x3xf32>, %old: tensor<3x3xf32> {nn.kind = "state", nn.index = 0 : i64})
    -> (tensor<3x3xf32> {nn.kind = "state", nn.index = 0 : i64},
        tensor<3x3xf32> {nn.kind = "output", nn.index = 0 : i64}) {
  %new = nn.matmul %x, %old : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  %y = nn.matmul %new, %old : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  return %new, %y : tensor<3x3xf32>, tensor<3x3xf32>
}

// -----

// A sum reads all of the old state for each part of the new one, which waits in the arena.

// CHECK-LABEL: func.func @sums
// CHECK-SAME:    [[ARENA:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<arena>
// CHECK-SAME:    [[STATE:%[a-z0-9]+]]: memref<{{[0-9]+}}xi8> {dlc.buffer = #dlc.buffer<state>
// CHECK:         %[[NEW:.*]] = memref.view [[ARENA]]
// CHECK-NEXT:    linalg.generic {{.*}}"reduction"]{{.*}} outs(%[[NEW]]
// CHECK:         %[[TO:.*]] = memref.view [[STATE]]
// CHECK-NEXT:    linalg.generic {{.*}} outs(%[[TO]]
func.func @sums(%x: tensor<3x3xf32>, %old: tensor<3x3xf32> {nn.kind = "state", nn.index = 0 : i64})
    -> (tensor<3x3xf32> {nn.kind = "state", nn.index = 0 : i64}) {
  %new = nn.matmul %x, %old : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  return %new : tensor<3x3xf32>
}

// -----

// Parts that overlap are copied in the order of their insertion.

// CHECK-LABEL: func.func @overlapping
// CHECK-COUNT-2: math.tanh
// CHECK:         memref.subview %{{.*}}[0] [4] [1] : memref<6xf32>
// CHECK:         linalg.yield %in
// CHECK:         memref.subview %{{.*}}[2] [4] [1] : memref<6xf32>
// CHECK:         linalg.yield %in
#line = affine_map<(i) -> (i)>
func.func @overlapping(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<6xf32> {
  %whole = tensor.empty() : tensor<6xf32>
  %part = tensor.empty() : tensor<4xf32>
  %second = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%b : tensor<4xf32>) outs(%part : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.tanh %in : f32
      linalg.yield %y : f32
    } -> tensor<4xf32>
  %first = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%a : tensor<4xf32>) outs(%part : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.tanh %in : f32
      linalg.yield %y : f32
    } -> tensor<4xf32>
  %begun = tensor.insert_slice %first into %whole[0] [4] [1] : tensor<4xf32> into tensor<6xf32>
  %done = tensor.insert_slice %second into %begun[2] [4] [1] : tensor<4xf32> into tensor<6xf32>
  return %done : tensor<6xf32>
}
