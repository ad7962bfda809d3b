// RUN: dlc-test %s

// Parts of a tensor along an axis. Its gradient is a concat.

func.func @values(%x: tensor<2x3xf64>) -> (tensor<2x1xf64>, tensor<2x2xf64>)
  attributes {
    test.inputs = [dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>],
    test.expected = [dense<[[1.0], [4.0]]> : tensor<2x1xf64>, dense<[[2.0, 3.0], [5.0, 6.0]]> : tensor<2x2xf64>]
  } {
  %a, %b = nn.split %x axis 1 sizes [1, 2] : (tensor<2x3xf64>) -> (tensor<2x1xf64>, tensor<2x2xf64>)
  return %a, %b : tensor<2x1xf64>, tensor<2x2xf64>
}

func.func @one(%x: tensor<3x5xf64>) -> tensor<3x5xf64> {
  %y = nn.split %x axis 0 sizes [3] : (tensor<3x5xf64>) -> tensor<3x5xf64>
  return %y : tensor<3x5xf64>
}

// Only one part is needed: the gradient of the others is 0.
func.func @unused(%x: tensor<7x17xf64>) -> tensor<7x9xf64> {
  %a, %b, %c = nn.split %x axis 1 sizes [7, 9, 1]
    : (tensor<7x17xf64>) -> (tensor<7x7xf64>, tensor<7x9xf64>, tensor<7x1xf64>)
  return %b : tensor<7x9xf64>
}

// A part without gaps that is reshaped, and one with gaps.
func.func @reshaped(%x: tensor<7x3x4xf64>) -> (tensor<12xf64>, tensor<14xf64>) {
  %e = nn.sin %x : tensor<7x3x4xf64>
  %a, %b = nn.split %e axis 0 sizes [1, 6] : (tensor<7x3x4xf64>) -> (tensor<1x3x4xf64>, tensor<6x3x4xf64>)
  %c, %d = nn.split %e axis 1 sizes [2, 1] : (tensor<7x3x4xf64>) -> (tensor<7x2x4xf64>, tensor<7x1x4xf64>)
  %f, %g = nn.split %d axis 2 sizes [2, 2] : (tensor<7x1x4xf64>) -> (tensor<7x1x2xf64>, tensor<7x1x2xf64>)
  %p = nn.reshape %a shape [12] : (tensor<1x3x4xf64>) -> tensor<12xf64>
  %q = nn.reshape %g shape [14] : (tensor<7x1x2xf64>) -> tensor<14xf64>
  return %p, %q : tensor<12xf64>, tensor<14xf64>
}

// The gates of a recurrent cell: parts of a product, read where they lie.
func.func @gates(%x: tensor<5x7xf64>, %w: tensor<7x12xf64>, %c: tensor<5x3xf64>) -> (tensor<5x3xf64>, tensor<5x3xf64>) {
  %z = nn.matmul %x, %w : (tensor<5x7xf64>, tensor<7x12xf64>) -> tensor<5x12xf64>
  %i, %f, %g, %o = nn.split %z axis 1 sizes [3, 3, 3, 3]
    : (tensor<5x12xf64>) -> (tensor<5x3xf64>, tensor<5x3xf64>, tensor<5x3xf64>, tensor<5x3xf64>)
  %si = nn.sigmoid %i : tensor<5x3xf64>
  %sf = nn.sigmoid %f : tensor<5x3xf64>
  %so = nn.sigmoid %o : tensor<5x3xf64>
  %tg = nn.tanh %g : tensor<5x3xf64>
  %kept = nn.mul %sf, %c : tensor<5x3xf64>
  %new = nn.mul %si, %tg : tensor<5x3xf64>
  %next = nn.add %kept, %new : tensor<5x3xf64>
  %t = nn.tanh %next : tensor<5x3xf64>
  %h = nn.mul %so, %t : tensor<5x3xf64>
  return %next, %h : tensor<5x3xf64>, tensor<5x3xf64>
}

// A part goes into another whole, into a product, and out as it is.
func.func @on(%x: tensor<6x5xf64>, %w: tensor<2x3xf64>) -> (tensor<6x6xf64>, tensor<6x3xf64>, tensor<6x2xf64>) {
  %a, %b = nn.split %x axis 1 sizes [3, 2] : (tensor<6x5xf64>) -> (tensor<6x3xf64>, tensor<6x2xf64>)
  %n = nn.neg %b : tensor<6x2xf64>
  %y = nn.concat %n, %b, %n axis 1 : (tensor<6x2xf64>, tensor<6x2xf64>, tensor<6x2xf64>) -> tensor<6x6xf64>
  %p = nn.matmul %b, %w : (tensor<6x2xf64>, tensor<2x3xf64>) -> tensor<6x3xf64>
  return %y, %p, %b : tensor<6x6xf64>, tensor<6x3xf64>, tensor<6x2xf64>
}

// Images with the channels last.
func.func @channels(%x: tensor<2x16x5x5xf64>, %w: tensor<48x16x1x1xf64>, %v: tensor<16x32x3x3xf64>)
    -> (tensor<2x16x5x5xf64>, tensor<2x16x5x5xf64>) {
  %y = nn.conv2d %x, %w stride [1, 1] pad [0, 0, 0, 0] dilation [1, 1] groups 1
    : (tensor<2x16x5x5xf64>, tensor<48x16x1x1xf64>) -> tensor<2x48x5x5xf64>
  %a, %b = nn.split %y axis 1 sizes [16, 32] : (tensor<2x48x5x5xf64>) -> (tensor<2x16x5x5xf64>, tensor<2x32x5x5xf64>)
  %z = nn.conv2d %b, %v stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
    : (tensor<2x32x5x5xf64>, tensor<16x32x3x3xf64>) -> tensor<2x16x5x5xf64>
  %t = nn.tanh %a : tensor<2x16x5x5xf64>
  return %z, %t : tensor<2x16x5x5xf64>, tensor<2x16x5x5xf64>
}
