// RUN: dlc-opt %s -split-input-file -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=64 | FileCheck %s

// A product: one accumulator a row and vector, all of them loop arguments; the last three columns
// through a mask.

// CHECK-LABEL: func.func private @kernel_0
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             vector.load {{.*}} vector<16xf32>
// CHECK:             vector.maskedload
// CHECK:             scf.yield
// CHECK:           vector.store
// CHECK:           vector.maskedstore
func.func @product(%a: tensor<5x7xf32>, %b: tensor<7x19xf32>) -> tensor<5x19xf32> {
  %y = nn.matmul %a, %b : (tensor<5x7xf32>, tensor<7x19xf32>) -> tensor<5x19xf32>
  return %y : tensor<5x19xf32>
}

// -----

// One row: both operands run along the summed axis, whose lanes are added up at the end.

// CHECK-LABEL: func.func private @kernel_0
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         vector.reduction <add>
func.func @row(%a: tensor<1x512xf32>, %b: tensor<64x512xf32>) -> tensor<1x64xf32> {
  %bt = nn.transpose %b permutation [1, 0] : (tensor<64x512xf32>) -> tensor<512x64xf32>
  %y = nn.matmul %a, %bt : (tensor<1x512xf32>, tensor<512x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// Many rows: the transposed operand is copied into panels, square by square, and its lanes run along
// the output.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    packs 1
// CHECK:         memref.alloca() {alignment = 64 : i64}
// CHECK-COUNT-64: vector.shuffle
// CHECK-NOT:     vector.reduction
// CHECK:         scf.for {{.*}} iter_args
func.func @transposed(%a: tensor<256x512xf32>, %b: tensor<64x512xf32>) -> tensor<256x64xf32> {
  %bt = nn.transpose %b permutation [1, 0] : (tensor<64x512xf32>) -> tensor<512x64xf32>
  %y = nn.matmul %a, %bt : (tensor<256x512xf32>, tensor<512x64xf32>) -> tensor<256x64xf32>
  return %y : tensor<256x64xf32>
}

// -----

// Weights larger than the cache: each tile asks first for lines of the block after the one at hand,
// and for none behind the end.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    prefetches 1
// CHECK:         %[[LINE:.*]] = arith.minui {{.*}}, %c16777215
// CHECK-NEXT:    memref.prefetch %arg1[%[[LINE]]], read
// CHECK-NOT:     vector.load %arg1
// CHECK:         scf.for {{.*}} iter_args
func.func @weights(%a: tensor<32x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<32x4096xf32> {
  %y = nn.matmul %a, %b : (tensor<32x4096xf32>, tensor<4096x4096xf32>) -> tensor<32x4096xf32>
  return %y : tensor<32x4096xf32>
}

// -----

// A sum too long for the caches goes block by block: the first starts the output, the others go on
// from it.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    2r:40001@
// CHECK:         %[[FIRST:.*]] = arith.cmpi eq
// CHECK:         scf.if %[[FIRST]]
// CHECK:         else
// CHECK:           {{vector.load|vector.gather}} %arg2
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         {{vector.store .*|vector.scatter }}%arg2
func.func @long(%a: tensor<40001x64xf32>, %b: tensor<40001x128xf32>) -> tensor<64x128xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<40001x64xf32>) -> tensor<64x40001xf32>
  %y = nn.matmul %at, %b : (tensor<64x40001xf32>, tensor<40001x128xf32>) -> tensor<64x128xf32>
  return %y : tensor<64x128xf32>
}

// -----

// A gradient of weights: the rows of the operand that is read across lie far apart, so it is copied.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    packs 0 items
// CHECK-COUNT-1: memref.alloca() {alignment = 64 : i64}
func.func @turned(%a: tensor<3200x512xf32>, %b: tensor<3200x128xf32>) -> tensor<512x128xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<3200x512xf32>) -> tensor<512x3200xf32>
  %y = nn.matmul %at, %b : (tensor<512x3200xf32>, tensor<3200x128xf32>) -> tensor<512x128xf32>
  return %y : tensor<512x128xf32>
}

// -----

// With more columns the rows of both operands lie far apart, so both are copied.

// CHECK-LABEL: func.func private @kernel_0
// CHECK-SAME:    packs 0 packs 1
// CHECK-COUNT-2: memref.alloca() {alignment = 64 : i64}
func.func @both(%a: tensor<3200x512xf32>, %b: tensor<3200x384xf32>) -> tensor<512x384xf32> {
  %at = nn.transpose %a permutation [1, 0] : (tensor<3200x512xf32>) -> tensor<512x3200xf32>
  %y = nn.matmul %at, %b : (tensor<512x3200xf32>, tensor<3200x384xf32>) -> tensor<512x384xf32>
  return %y : tensor<512x384xf32>
}

// -----

// The sum over a small window is one loop; where the image stands in each of its steps is a table.

// CHECK-LABEL: func.func @window
// CHECK:         memref.global "private" constant @kernel_[[N:[0-9]+]]_offsets0 : memref<27xi32> = dense<[0, 1, 2, 34, 35, 36, 68,
// CHECK:         func.func private @kernel_[[N]]
// CHECK:         %[[TABLE:.*]] = memref.get_global @kernel_[[N]]_offsets0
// CHECK:         scf.for %[[STEP:.*]] = %c0{{.*}} to %c27{{.*}} iter_args
// CHECK:           memref.load %[[TABLE]][%[[STEP]]]
func.func @window(%x: tensor<8x3x32x32xf32>, %w: tensor<16x3x3x3xf32>) -> tensor<8x16x32x32xf32> {
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x3x32x32xf32>, tensor<16x3x3x3xf32>) -> tensor<8x16x32x32xf32>
  return %y : tensor<8x16x32x32xf32>
}

// -----

// Taps that fall into the padding above and below a small image are left out.

// CHECK-LABEL: func.func @padded
// CHECK:         func.func private @kernel_[[N:[0-9]+]]({{.*}}r:7
// CHECK:           %[[BEGIN:.*]] = arith.maxsi
// CHECK:           %[[END:.*]] = arith.minsi
// CHECK:           scf.for {{.*}} iter_args
func.func @padded(%i: tensor<8x32x8x8xf32>, %w: tensor<32x32x7x7xf32>) -> tensor<8x32x8x8xf32> {
  %x = nn.neg %i : tensor<8x32x8x8xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [3, 3, 3, 3] dilation [1, 1] groups 1
      : (tensor<8x32x8x8xf32>, tensor<32x32x7x7xf32>) -> tensor<8x32x8x8xf32>
  %z = nn.neg %y : tensor<8x32x8x8xf32>
  return %z : tensor<8x32x8x8xf32>
}

// -----

// 3x3 taps of stride 1 are a chain: once, the forms of the filter, in memory of the call's own behind
// the arena; then for each item the forms of the pixels, their products and the results, the stages
// handing them on in memory of the item.

// CHECK-LABEL: func.func @tiles
// CHECK-SAME:    %arg0: memref<697344xi8> {dlc.buffer = #dlc.buffer<arena>
// CHECK-SAME:    dlc.arena_bytes = 697344
// CHECK:         %[[FORMS:.*]] = memref.view %arg0[%c630784][] : memref<697344xi8> to memref<16640xf32>
// CHECK-NEXT:    call @kernel_[[N:[0-9]+]]_filter(%{{.*}}, %[[FORMS]],
// CHECK:         call @kernel_[[N]](
// CHECK:         func.func private @kernel_[[N]]({{.*}}dlc.schedule = "winograd
// CHECK-COUNT-2:   memref.alloca() {alignment = 64 : i64}
// CHECK:           scf.for
// CHECK:             func.call @kernel_[[N]]_member_0
// CHECK:             func.call @kernel_[[N]]_member_1
// CHECK:             func.call @kernel_[[N]]_member_2
// CHECK-NOT:         func.call
// CHECK:           return
func.func @tiles(%i: tensor<8x32x16x16xf32>, %w: tensor<32x32x3x3xf32>) -> tensor<8x32x16x16xf32> {
  %x = nn.neg %i : tensor<8x32x16x16xf32>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<8x32x16x16xf32>, tensor<32x32x3x3xf32>) -> tensor<8x32x16x16xf32>
  %z = nn.neg %y : tensor<8x32x16x16xf32>
  return %z : tensor<8x32x16x16xf32>
}

// -----

// Nothing around dy is read where its tiles overlap, and nothing is written there. Bands of rows
// read the padding above and below: it is filled, all four sides of it.

// CHECK-LABEL: func.func @spared
// CHECK:         call @kernel_{{[0-9]+}}(%{{.*}}, %{{.*}}, %c0, %c8) {{.*}} (memref<102400xf32>, memref<331776xf32>,
// CHECK:         call @kernel_{{[0-9]+}}_filter
// CHECK-NOT:     (memref<331776xf32>,
// CHECK:         return
func.func @spared(%dy0: tensor<64x16x10x10xf32>, %w: tensor<16x6x5x5xf32>) -> tensor<64x6x14x14xf32> {
  %dy = nn.neg %dy0 : tensor<64x16x10x10xf32>
  %dx = nn.conv2d_grad_input %dy, %w shape [64, 6, 14, 14] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<64x16x10x10xf32>, tensor<16x6x5x5xf32>) -> tensor<64x6x14x14xf32>
  %z = nn.neg %dx : tensor<64x6x14x14xf32>
  return %z : tensor<64x6x14x14xf32>
}

// -----

// CHECK-LABEL: func.func @not_spared
// CHECK-COUNT-4: call @kernel_{{[0-9]+}}({{.*}} : (memref<279552xf32>, index, index)
// CHECK:         call @kernel_{{[0-9]+}}_filter
func.func @not_spared(%dy0: tensor<16x14x44x16xf32>, %w: tensor<14x12x5x5xf32>) -> tensor<16x12x48x20xf32> {
  %dy = nn.neg %dy0 : tensor<16x14x44x16xf32>
  %dx = nn.conv2d_grad_input %dy, %w shape [16, 12, 48, 20] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x14x44x16xf32>, tensor<14x12x5x5xf32>) -> tensor<16x12x48x20xf32>
  %z = nn.neg %dx : tensor<16x12x48x20xf32>
  return %z : tensor<16x12x48x20xf32>
}

// -----

// Layers of the same shape share their kernels, in which tanh is done to the sums of a tile.

// CHECK-LABEL: func.func @layers
// CHECK:         call @kernel_0
// CHECK-NEXT:    memref.view
// CHECK:         call @kernel_0
// CHECK:         func.func private @kernel_0
// CHECK:           scf.for
// CHECK:             arith.mulf
// CHECK:             math.tanh
// CHECK-NOT:     func.func private @kernel_1
func.func @layers(%x: tensor<8x16xf32>, %v: tensor<16x16xf32>, %w: tensor<16x16xf32>)
    -> (tensor<8x16xf32>, tensor<8x16xf32>) {
  %y = nn.matmul %x, %v : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %a = nn.tanh %y : tensor<8x16xf32>
  %z = nn.matmul %a, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %b = nn.tanh %z : tensor<8x16xf32>
  return %a, %b : tensor<8x16xf32>, tensor<8x16xf32>
}
