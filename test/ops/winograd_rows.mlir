// RUN: dlc-test %s
// RUN: sed 's/xf64/xf32/g' %s | dlc-opt -dlc-linalg -dlc-bufferize -dlc-kernels=vector-bytes=32 | FileCheck %s
// CHECK-COUNT-6: dlc.schedule = "winograd 1x5 tiles
// CHECK-COUNT-3: dlc.schedule = "winograd 1x5 overlap-add tiles
// CHECK: dlc.schedule = "winograd 1x5 tiles 9x3
// CHECK: dlc.schedule = "winograd 1x5 overlap-add tiles 13x3
// CHECK: dlc.schedule = "winograd 1x5 tiles 15x4
// CHECK-COUNT-3: dlc.schedule = "winograd 1x3 tiles
// CHECK: dlc.schedule = "winograd 1x3 overlap-add tiles
// CHECK: dlc.schedule = "winograd 1x5 tiles 1x4
// CHECK-NOT: dlc.schedule = "winograd

// Convolutions where the batch is in the lanes: tiles are four results of a row
// (compiler/kernel/winograd/one_dimensional.cpp).

func.func @valid(%x0: tensor<32x6x14x14xf64>, %w: tensor<16x6x5x5xf64>) -> tensor<32x16x10x10xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<32x6x14x14xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x6x14x14xf64>, tensor<16x6x5x5xf64>) -> tensor<32x16x10x10xf64>
  %z = nn.neg %y : tensor<32x16x10x10xf64>
  return %z : tensor<32x16x10x10xf64>
}

// Padding, an odd number of rows and of channels, three blocks of images.
func.func @padded(%x0: tensor<48x12x9x16xf64>, %w: tensor<13x12x5x5xf64>) -> tensor<48x13x9x14xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<48x12x9x16xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 1, 2, 1] dilation [1, 1] groups 1
      : (tensor<48x12x9x16xf64>, tensor<13x12x5x5xf64>) -> tensor<48x13x9x14xf64>
  %z = nn.neg %y : tensor<48x13x9x14xf64>
  return %z : tensor<48x13x9x14xf64>
}

// More rows, a prime number of them: items are whole images still, of half the lanes.
func.func @tall(%x0: tensor<48x12x13x16xf64>, %w: tensor<13x12x5x5xf64>) -> tensor<48x13x13x14xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<48x12x13x16xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 1, 2, 1] dilation [1, 1] groups 1
      : (tensor<48x12x13x16xf64>, tensor<13x12x5x5xf64>) -> tensor<48x13x13x14xf64>
  %z = nn.neg %y : tensor<48x13x13x14xf64>
  return %z : tensor<48x13x13x14xf64>
}

// Taps that walk backward.
func.func @to_data(%dy0: tensor<32x14x16x16xf64>, %w: tensor<14x12x5x5xf64>) -> tensor<32x12x16x16xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<32x14x16x16xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [32, 12, 16, 16] stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<32x14x16x16xf64>, tensor<14x12x5x5xf64>) -> tensor<32x12x16x16xf64>
  %z = nn.neg %dx : tensor<32x12x16x16xf64>
  return %z : tensor<32x12x16x16xf64>
}

func.func @to_weights(%x0: tensor<64x6x14x14xf64>, %dy0: tensor<64x16x10x10xf64>) -> tensor<16x6x5x5xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<64x6x14x14xf64>
  %dy = nn.neg %dy0 : tensor<64x16x10x10xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [16, 6, 5, 5] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<64x6x14x14xf64>, tensor<64x16x10x10xf64>) -> tensor<16x6x5x5xf64>
  return %dw : tensor<16x6x5x5xf64>
}

// Many rows: items are bands of them.
func.func @bands(%x0: tensor<16x15x36x20xf64>, %w: tensor<14x15x5x5xf64>) -> tensor<16x14x32x16xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<16x15x36x20xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x15x36x20xf64>, tensor<14x15x5x5xf64>) -> tensor<16x14x32x16xf64>
  %z = nn.neg %y : tensor<16x14x32x16xf64>
  return %z : tensor<16x14x32x16xf64>
}

// The gradient of an image whose convolution had no padding: tiles of its results overlap.
func.func @overlap_add(%dy0: tensor<64x16x10x10xf64>, %w: tensor<16x6x5x5xf64>) -> tensor<64x6x14x14xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<64x16x10x10xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [64, 6, 14, 14] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<64x16x10x10xf64>, tensor<16x6x5x5xf64>) -> tensor<64x6x14x14xf64>
  %z = nn.neg %dx : tensor<64x6x14x14xf64>
  return %z : tensor<64x6x14x14xf64>
}

// None along the columns only, and what goes on from the sums.
func.func @overlap_add_columns(%dy0: tensor<32x16x11x10xf64>, %w: tensor<16x7x5x5xf64>, %b: tensor<7xf64>) -> tensor<32x7x11x14xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<32x16x11x10xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [32, 7, 11, 14] stride [1, 1] pad [2, 0, 2, 0] dilation [1, 1] groups 1
      : (tensor<32x16x11x10xf64>, tensor<16x7x5x5xf64>) -> tensor<32x7x11x14xf64>
  %c = nn.broadcast %b axes [0, 2, 3] sizes [32, 11, 14] : (tensor<7xf64>) -> tensor<32x7x11x14xf64>
  %z = nn.mul %dx, %c : tensor<32x7x11x14xf64>
  return %z : tensor<32x7x11x14xf64>
}

// Many rows: items are bands of them, whose padding is made into forms like all else.
func.func @overlap_add_bands(%dy0: tensor<16x14x44x16xf64>, %w: tensor<14x12x5x5xf64>) -> tensor<16x12x48x20xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<16x14x44x16xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [16, 12, 48, 20] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<16x14x44x16xf64>, tensor<14x12x5x5xf64>) -> tensor<16x12x48x20xf64>
  %z = nn.neg %dx : tensor<16x12x48x20xf64>
  return %z : tensor<16x12x48x20xf64>
}

// Rows that end in a tile of one result, of three that are read, and of three results.
func.func @one_left(%x0: tensor<64x6x13x13xf64>, %w: tensor<12x6x5x5xf64>) -> tensor<64x12x9x9xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<64x6x13x13xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<64x6x13x13xf64>, tensor<12x6x5x5xf64>) -> tensor<64x12x9x9xf64>
  %z = nn.neg %y : tensor<64x12x9x9xf64>
  return %z : tensor<64x12x9x9xf64>
}

func.func @three_left_overlap_add(%dy0: tensor<32x12x9x11xf64>, %w: tensor<12x6x5x5xf64>) -> tensor<32x6x13x15xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<32x12x9x11xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [32, 6, 13, 15] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<32x12x9x11xf64>, tensor<12x6x5x5xf64>) -> tensor<32x6x13x15xf64>
  %z = nn.neg %dx : tensor<32x6x13x15xf64>
  return %z : tensor<32x6x13x15xf64>
}

func.func @three_left(%x0: tensor<32x6x15x15xf64>, %dy0: tensor<32x15x15x15xf64>) -> tensor<15x6x5x5xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<32x6x15x15xf64>
  %dy = nn.neg %dy0 : tensor<32x15x15x15xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [15, 6, 5, 5] stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<32x6x15x15xf64>, tensor<32x15x15x15xf64>) -> tensor<15x6x5x5xf64>
  return %dw : tensor<15x6x5x5xf64>
}

// By 3x3 taps.
func.func @taps3(%x0: tensor<32x8x16x16xf64>, %w: tensor<12x8x3x3xf64>) -> tensor<32x12x16x16xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<32x8x16x16xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<32x8x16x16xf64>, tensor<12x8x3x3xf64>) -> tensor<32x12x16x16xf64>
  %z = nn.neg %y : tensor<32x12x16x16xf64>
  return %z : tensor<32x12x16x16xf64>
}

func.func @taps3_to_data(%dy0: tensor<64x12x7x7xf64>, %w: tensor<12x8x3x3xf64>) -> tensor<64x8x7x7xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<64x12x7x7xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [64, 8, 7, 7] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<64x12x7x7xf64>, tensor<12x8x3x3xf64>) -> tensor<64x8x7x7xf64>
  %z = nn.neg %dx : tensor<64x8x7x7xf64>
  return %z : tensor<64x8x7x7xf64>
}

func.func @taps3_to_weights(%x0: tensor<32x8x16x18xf64>, %dy0: tensor<32x12x16x18xf64>) -> tensor<12x8x3x3xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<32x8x16x18xf64>
  %dy = nn.neg %dy0 : tensor<32x12x16x18xf64>
  %dw = nn.conv2d_grad_weight %x, %dy shape [12, 8, 3, 3] stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<32x8x16x18xf64>, tensor<32x12x16x18xf64>) -> tensor<12x8x3x3xf64>
  return %dw : tensor<12x8x3x3xf64>
}

func.func @taps3_overlap_add(%dy0: tensor<64x8x10x10xf64>, %w: tensor<8x4x3x3xf64>) -> tensor<64x4x12x12xf64> attributes {test.large} {
  %dy = nn.neg %dy0 : tensor<64x8x10x10xf64>
  %dx = nn.conv2d_grad_input %dy, %w shape [64, 4, 12, 12] stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
      : (tensor<64x8x10x10xf64>, tensor<8x4x3x3xf64>) -> tensor<64x4x12x12xf64>
  %z = nn.neg %dx : tensor<64x4x12x12xf64>
  return %z : tensor<64x4x12x12xf64>
}

// A prime number of rows, too many for the cache at a time: items are single rows.
func.func @single_rows(%x0: tensor<16x15x37x16xf64>, %w: tensor<15x15x5x5xf64>) -> tensor<16x15x37x16xf64> attributes {test.large} {
  %x = nn.neg %x0 : tensor<16x15x37x16xf64>
  %y = nn.conv2d %x, %w stride [1, 1] pad [2, 2, 2, 2] dilation [1, 1] groups 1
      : (tensor<16x15x37x16xf64>, tensor<15x15x5x5xf64>) -> tensor<16x15x37x16xf64>
  %z = nn.neg %y : tensor<16x15x37x16xf64>
  return %z : tensor<16x15x37x16xf64>
}
