// RUN: dlc-test %s

// Turns that carry values, take slices and stack what they give. Its gradient is a loop that runs back.

// h' = 2 h + x_t, and h before each turn.
func.func @values(%x: tensor<3x2xf64>, %h0: tensor<2xf64>) -> (tensor<2xf64>, tensor<3x2xf64>)
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>, dense<[1.0, 0.5]> : tensor<2xf64>],
    test.expected = [dense<[23.0, 26.0]> : tensor<2xf64>,
                     dense<[[1.0, 0.5], [3.0, 3.0], [9.0, 10.0]]> : tensor<3x2xf64>]
  } {
  %two = nn.constant dense<2.0> : tensor<2xf64>
  %end, %all = nn.loop 3 carry(%h0) slices(%x) {
  ^turn(%h: tensor<2xf64>, %xt: tensor<2xf64>):
    %d = nn.mul %two, %h : tensor<2xf64>
    %next = nn.add %d, %xt : tensor<2xf64>
    nn.yield %next, %h : tensor<2xf64>, tensor<2xf64>
  } : (tensor<2xf64>, tensor<3x2xf64>) -> (tensor<2xf64>, tensor<3x2xf64>)
  return %end, %all : tensor<2xf64>, tensor<3x2xf64>
}

// The same from the end: x_2 first, and what is stacked stands in the places of the slices.
func.func @reversed(%x: tensor<3x2xf64>, %h0: tensor<2xf64>) -> (tensor<2xf64>, tensor<3x2xf64>)
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>, dense<[1.0, 0.5]> : tensor<2xf64>],
    test.expected = [dense<[35.0, 38.0]> : tensor<2xf64>,
                     dense<[[35.0, 38.0], [17.0, 18.0], [7.0, 7.0]]> : tensor<3x2xf64>]
  } {
  %two = nn.constant dense<2.0> : tensor<2xf64>
  %end, %all = nn.loop 3 reversed carry(%h0) slices(%x) {
  ^turn(%h: tensor<2xf64>, %xt: tensor<2xf64>):
    %d = nn.mul %two, %h : tensor<2xf64>
    %next = nn.add %d, %xt : tensor<2xf64>
    nn.yield %next, %next : tensor<2xf64>, tensor<2xf64>
  } : (tensor<2xf64>, tensor<3x2xf64>) -> (tensor<2xf64>, tensor<3x2xf64>)
  return %end, %all : tensor<2xf64>, tensor<3x2xf64>
}

func.func @one_turn(%h0: tensor<3x5xf64>, %w: tensor<5x5xf64>) -> tensor<3x5xf64> {
  %end = nn.loop 1 carry(%h0) slices() {
  ^turn(%h: tensor<3x5xf64>):
    %p = nn.matmul %h, %w : (tensor<3x5xf64>, tensor<5x5xf64>) -> tensor<3x5xf64>
    nn.yield %p : tensor<3x5xf64>
  } : (tensor<3x5xf64>) -> tensor<3x5xf64>
  return %end : tensor<3x5xf64>
}

// A recurrent cell: weights from around the loop, slices, and all its states.
func.func @recurrent(%x: tensor<7x3x5xf64>, %h0: tensor<3x17xf64>, %w: tensor<5x17xf64>, %u: tensor<17x17xf64>, %b: tensor<17xf64>)
    -> (tensor<3x17xf64>, tensor<7x3x17xf64>) {
  %wide = nn.broadcast %b axes [0] sizes [3] : (tensor<17xf64>) -> tensor<3x17xf64>
  %end, %all = nn.loop 7 carry(%h0) slices(%x) {
  ^turn(%h: tensor<3x17xf64>, %xt: tensor<3x5xf64>):
    %a = nn.matmul %xt, %w : (tensor<3x5xf64>, tensor<5x17xf64>) -> tensor<3x17xf64>
    %r = nn.matmul %h, %u : (tensor<3x17xf64>, tensor<17x17xf64>) -> tensor<3x17xf64>
    %s = nn.add %a, %r : tensor<3x17xf64>
    %z = nn.add %s, %wide : tensor<3x17xf64>
    %next = nn.tanh %z : tensor<3x17xf64>
    nn.yield %next, %next : tensor<3x17xf64>, tensor<3x17xf64>
  } : (tensor<3x17xf64>, tensor<7x3x5xf64>) -> (tensor<3x17xf64>, tensor<7x3x17xf64>)
  return %end, %all : tensor<3x17xf64>, tensor<7x3x17xf64>
}

// Two carried values of a cell whose gates are parts of a product.
func.func @lstm(%x: tensor<5x3x12xf64>, %h0: tensor<3x3xf64>, %c0: tensor<3x3xf64>, %u: tensor<3x12xf64>)
    -> (tensor<3x3xf64>, tensor<3x3xf64>, tensor<5x3x3xf64>) {
  %hn, %cn, %all = nn.loop 5 carry(%h0, %c0) slices(%x) {
  ^turn(%h: tensor<3x3xf64>, %c: tensor<3x3xf64>, %xt: tensor<3x12xf64>):
    %r = nn.matmul %h, %u : (tensor<3x3xf64>, tensor<3x12xf64>) -> tensor<3x12xf64>
    %z = nn.add %xt, %r : tensor<3x12xf64>
    %i, %f, %g, %o = nn.split %z axis 1 sizes [3, 3, 3, 3]
      : (tensor<3x12xf64>) -> (tensor<3x3xf64>, tensor<3x3xf64>, tensor<3x3xf64>, tensor<3x3xf64>)
    %si = nn.sigmoid %i : tensor<3x3xf64>
    %sf = nn.sigmoid %f : tensor<3x3xf64>
    %so = nn.sigmoid %o : tensor<3x3xf64>
    %tg = nn.tanh %g : tensor<3x3xf64>
    %kept = nn.mul %sf, %c : tensor<3x3xf64>
    %new = nn.mul %si, %tg : tensor<3x3xf64>
    %nc = nn.add %kept, %new : tensor<3x3xf64>
    %t = nn.tanh %nc : tensor<3x3xf64>
    %nh = nn.mul %so, %t : tensor<3x3xf64>
    nn.yield %nh, %nc, %nh : tensor<3x3xf64>, tensor<3x3xf64>, tensor<3x3xf64>
  } : (tensor<3x3xf64>, tensor<3x3xf64>, tensor<5x3x12xf64>) -> (tensor<3x3xf64>, tensor<3x3xf64>, tensor<5x3x3xf64>)
  return %hn, %cn, %all : tensor<3x3xf64>, tensor<3x3xf64>, tensor<5x3x3xf64>
}

// Values that change places, one that stays, one from around the loop, and one that starts as another.
func.func @exchanged(%a: tensor<7xf64>, %b: tensor<7xf64>, %k: tensor<7xf64>)
    -> (tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>) {
  %e = nn.exp %a : tensor<7xf64>
  %p, %q, %r, %s, %t = nn.loop 3 carry(%e, %b, %b, %e, %a) slices() {
  ^turn(%u: tensor<7xf64>, %v: tensor<7xf64>, %w: tensor<7xf64>, %x: tensor<7xf64>, %y: tensor<7xf64>):
    %m = nn.mul %x, %k : tensor<7xf64>
    %n = nn.add %m, %u : tensor<7xf64>
    %o = nn.add %y, %v : tensor<7xf64>
    nn.yield %v, %u, %w, %n, %k : tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>
  } : (tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>)
    -> (tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>)
  return %p, %q, %r, %s, %t : tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>
}

// A loop in a loop: the inner one takes slices of the outer one's slice, and stacks in its stack.
func.func @nested(%x: tensor<3x2x5xf64>, %h0: tensor<5xf64>, %w: tensor<5xf64>) -> (tensor<5xf64>, tensor<3x2x5xf64>) {
  %end, %all = nn.loop 3 carry(%h0) slices(%x) {
  ^row(%h: tensor<5xf64>, %row: tensor<2x5xf64>):
    %g, %inner = nn.loop 2 reversed carry(%h) slices(%row) {
    ^element(%s: tensor<5xf64>, %e: tensor<5xf64>):
      %m = nn.mul %s, %w : tensor<5xf64>
      %n = nn.add %m, %e : tensor<5xf64>
      %t = nn.sin %n : tensor<5xf64>
      nn.yield %t, %n : tensor<5xf64>, tensor<5xf64>
    } : (tensor<5xf64>, tensor<2x5xf64>) -> (tensor<5xf64>, tensor<2x5xf64>)
    %next = nn.mul %g, %h : tensor<5xf64>
    nn.yield %next, %inner : tensor<5xf64>, tensor<2x5xf64>
  } : (tensor<5xf64>, tensor<3x2x5xf64>) -> (tensor<5xf64>, tensor<3x2x5xf64>)
  return %end, %all : tensor<5xf64>, tensor<3x2x5xf64>
}

// The inner loop can be shared, the outer one cannot, since a sum over the batch is made between its turns; the inner
// one takes slices of the outer one's slice, and stacks in its stack.
func.func @shared_within(%x: tensor<3x2x16x5xf64>, %h0: tensor<16x5xf64>, %w: tensor<5x5xf64> {test.range = [-0.4, 0.4]})
    -> (tensor<16x5xf64>, tensor<3x2x16x5xf64>) {
  %end, %all = nn.loop 3 carry(%h0) slices(%x) {
  ^row(%h: tensor<16x5xf64>, %row: tensor<2x16x5xf64>):
    %g, %inner = nn.loop 2 reversed carry(%h) slices(%row) {
    ^element(%s: tensor<16x5xf64>, %e: tensor<16x5xf64>):
      %m = nn.matmul %s, %w : (tensor<16x5xf64>, tensor<5x5xf64>) -> tensor<16x5xf64>
      %n = nn.add %m, %e : tensor<16x5xf64>
      %t = nn.sin %n : tensor<16x5xf64>
      nn.yield %t, %n : tensor<16x5xf64>, tensor<16x5xf64>
    } : (tensor<16x5xf64>, tensor<2x16x5xf64>) -> (tensor<16x5xf64>, tensor<2x16x5xf64>)
    %sum = nn.reduce_sum %g axes [0] : (tensor<16x5xf64>) -> tensor<5xf64>
    %few = nn.constant dense<0.0625> : tensor<5xf64>
    %mean = nn.mul %sum, %few : tensor<5xf64>
    %b = nn.broadcast %mean axes [0] sizes [16] : (tensor<5xf64>) -> tensor<16x5xf64>
    %next = nn.sin %b : tensor<16x5xf64>
    nn.yield %next, %inner : tensor<16x5xf64>, tensor<2x16x5xf64>
  } : (tensor<16x5xf64>, tensor<3x2x16x5xf64>) -> (tensor<16x5xf64>, tensor<3x2x16x5xf64>)
  return %end, %all : tensor<16x5xf64>, tensor<3x2x16x5xf64>
}

// Conditions of a turn are saved for the gradient; what comes before and after goes on from it.
func.func @conditions(%x: tensor<4x7xf64>, %h0: tensor<7xf64>) -> tensor<7xf64> {
  %start = nn.sin %h0 : tensor<7xf64>
  %double = nn.add %x, %x : tensor<4x7xf64>
  %end, %all = nn.loop 4 carry(%start) slices(%double) {
  ^turn(%h: tensor<7xf64>, %xt: tensor<7xf64>):
    %small = nn.less %h, %xt : tensor<7xf64>
    %p = nn.mul %h, %xt : tensor<7xf64>
    %next = nn.select %small, %p, %h : tensor<7xi1>, tensor<7xf64>
    nn.yield %next, %p : tensor<7xf64>, tensor<7xf64>
  } : (tensor<7xf64>, tensor<4x7xf64>) -> (tensor<7xf64>, tensor<4x7xf64>)
  %sum = nn.reduce_sum %all axes [0] : (tensor<4x7xf64>) -> tensor<7xf64>
  %y = nn.mul %sum, %end : tensor<7xf64>
  return %y : tensor<7xf64>
}

// Images of each turn: a convolution's layout stays within the turn.
func.func @images(%h0: tensor<2x16x5x5xf64>, %w: tensor<16x16x3x3xf64> {test.range = [-0.1, 0.1]}) -> tensor<2x16x5x5xf64> {
  %end = nn.loop 3 carry(%h0) slices() {
  ^turn(%h: tensor<2x16x5x5xf64>):
    %c = nn.conv2d %h, %w stride [1, 1] pad [1, 1, 1, 1] dilation [1, 1] groups 1
      : (tensor<2x16x5x5xf64>, tensor<16x16x3x3xf64>) -> tensor<2x16x5x5xf64>
    %t = nn.tanh %c : tensor<2x16x5x5xf64>
    %next = nn.add %t, %h : tensor<2x16x5x5xf64>
    nn.yield %next : tensor<2x16x5x5xf64>
  } : (tensor<2x16x5x5xf64>) -> tensor<2x16x5x5xf64>
  return %end : tensor<2x16x5x5xf64>
}

// What is carried goes into a product and, where a condition does not hold, on to the next turn: the product's
// epilogue must not write it where other columns of the product still read it.
func.func @carried_twice(%h0: tensor<3x49xf64>, %w: tensor<49x49xf64>, %x: tensor<4x3x49xf64>,
                         %n: tensor<3xi32> {test.below = 4 : i64}) -> tensor<3x49xf64> {
  %turns = nn.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %end = nn.loop 4 carry(%h0) slices(%x, %turns) {
  ^turn(%h: tensor<3x49xf64>, %part: tensor<3x49xf64>, %turn: tensor<i32>):
    %product = nn.matmul %h, %w : (tensor<3x49xf64>, tensor<49x49xf64>) -> tensor<3x49xf64>
    %sum = nn.add %product, %part : tensor<3x49xf64>
    %y = nn.tanh %sum : tensor<3x49xf64>
    %number = nn.broadcast %turn axes [0] sizes [3] : (tensor<i32>) -> tensor<3xi32>
    %less = nn.less %number, %n : tensor<3xi32>
    %wide = nn.broadcast %less axes [1] sizes [49] : (tensor<3xi1>) -> tensor<3x49xi1>
    %next = nn.select %wide, %y, %h : tensor<3x49xi1>, tensor<3x49xf64>
    nn.yield %next : tensor<3x49xf64>
  } : (tensor<3x49xf64>, tensor<4x3x49xf64>, tensor<4xi32>) -> tensor<3x49xf64>
  return %end : tensor<3x49xf64>
}

// --- guards: the turn of no sample ends before it begins ---------------------------------------

// Sample 0 goes on for two turns, sample 1 for one, and the last two turns are of none.
func.func @guarded(%x: tensor<4x2xf64>, %h0: tensor<2xf64>) -> (tensor<2xf64>, tensor<4x2xf64>)
  attributes {
    test.inputs = [dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf64>,
                   dense<[1.0, 0.5]> : tensor<2xf64>],
    test.expected = [dense<[9.0, 3.0]> : tensor<2xf64>,
                     dense<[[3.0, 3.0], [9.0, 0.0], [0.0, 0.0], [0.0, 0.0]]> : tensor<4x2xf64>]
  } {
  %masks = nn.constant dense<[[true, true], [true, false], [false, false], [false, false]]> : tensor<4x2xi1>
  %two = nn.constant dense<2.0> : tensor<2xf64>
  %zero = nn.constant dense<0.0> : tensor<2xf64>
  %end, %all = nn.loop 4 carry(%h0) slices(%x, %masks) {
  ^turn(%h: tensor<2xf64>, %xt: tensor<2xf64>, %m: tensor<2xi1>):
    nn.guard %m : tensor<2xi1>
    %d = nn.mul %two, %h : tensor<2xf64>
    %s = nn.add %d, %xt : tensor<2xf64>
    %next = nn.select %m, %s, %h : tensor<2xi1>, tensor<2xf64>
    %y = nn.select %m, %s, %zero : tensor<2xi1>, tensor<2xf64>
    nn.yield %next, %y : tensor<2xf64>, tensor<2xf64>
  } : (tensor<2xf64>, tensor<4x2xf64>, tensor<4x2xi1>) -> (tensor<2xf64>, tensor<4x2xf64>)
  return %end, %all : tensor<2xf64>, tensor<4x2xf64>
}

// What goes on is decided by what is carried; h is divided by, and 0 in turns that are ended.
func.func @until(%x: tensor<5x3xf64>, %h0: tensor<3xf64>) -> (tensor<3xf64>, tensor<5x3xf64>) {
  %zero = nn.constant dense<0.0> : tensor<3xf64>
  %four = nn.constant dense<4.0> : tensor<3xf64>
  %end, %all = nn.loop 5 carry(%h0) slices(%x) {
  ^turn(%h: tensor<3xf64>, %xt: tensor<3xf64>):
    %size = nn.mul %h, %h : tensor<3xf64>
    %m = nn.less %size, %four : tensor<3xf64>
    nn.guard %m : tensor<3xi1>
    %d = nn.mul %h, %xt : tensor<3xf64>
    %e = nn.exp %d : tensor<3xf64>
    %q = nn.div %xt, %e : tensor<3xf64>
    %s = nn.add %e, %q : tensor<3xf64>
    %next = nn.select %m, %s, %h : tensor<3xi1>, tensor<3xf64>
    %y = nn.select %m, %q, %zero : tensor<3xi1>, tensor<3xf64>
    nn.yield %next, %y : tensor<3xf64>, tensor<3xf64>
  } : (tensor<3xf64>, tensor<5x3xf64>) -> (tensor<3xf64>, tensor<5x3xf64>)
  return %end, %all : tensor<3xf64>, tensor<5x3xf64>
}

// So many samples that threads share the loop; products are made before and after it.
func.func @guarded_products(%x: tensor<6x16x3xf64>, %m: tensor<6x16xf64> {test.zero_gradient}, %h0: tensor<16x5xf64>, %w: tensor<3x5xf64>,
                            %v: tensor<5x5xf64>) -> (tensor<16x5xf64>, tensor<6x16x5xf64>) {
  %zero = nn.constant dense<0.0> : tensor<16x5xf64>
  %none = nn.constant dense<[0.0, 0.0, 100.0, 0.0, 100.0, 100.0]> : tensor<6xf64>
  %limit = nn.constant dense<0.0> : tensor<6x16xf64>
  %wide_none = nn.broadcast %none axes [1] sizes [16] : (tensor<6xf64>) -> tensor<6x16xf64>
  %n = nn.add %m, %wide_none : tensor<6x16xf64>
  %masks = nn.less %n, %limit : tensor<6x16xf64>
  %end, %all = nn.loop 6 reversed carry(%h0) slices(%x, %masks) {
  ^turn(%h: tensor<16x5xf64>, %xt: tensor<16x3xf64>, %mt: tensor<16xi1>):
    nn.guard %mt : tensor<16xi1>
    %p = nn.matmul %xt, %w : (tensor<16x3xf64>, tensor<3x5xf64>) -> tensor<16x5xf64>
    %q = nn.matmul %h, %v : (tensor<16x5xf64>, tensor<5x5xf64>) -> tensor<16x5xf64>
    %s = nn.add %p, %q : tensor<16x5xf64>
    %t = nn.tanh %s : tensor<16x5xf64>
    %wide = nn.broadcast %mt axes [1] sizes [5] : (tensor<16xi1>) -> tensor<16x5xi1>
    %next = nn.select %wide, %t, %h : tensor<16x5xi1>, tensor<16x5xf64>
    %r = nn.matmul %t, %v : (tensor<16x5xf64>, tensor<5x5xf64>) -> tensor<16x5xf64>
    %y = nn.select %wide, %r, %zero : tensor<16x5xi1>, tensor<16x5xf64>
    nn.yield %next, %y : tensor<16x5xf64>, tensor<16x5xf64>
  } : (tensor<16x5xf64>, tensor<6x16x3xf64>, tensor<6x16xi1>) -> (tensor<16x5xf64>, tensor<6x16x5xf64>)
  return %end, %all : tensor<16x5xf64>, tensor<6x16x5xf64>
}

func.func @guarded_once(%h0: tensor<3x5xf64>, %n: tensor<3xf64> {test.zero_gradient}) -> tensor<3x5xf64> {
  %limit = nn.constant dense<0.0> : tensor<3xf64>
  %end = nn.loop 1 carry(%h0) slices() {
  ^turn(%h: tensor<3x5xf64>):
    %m = nn.less %n, %limit : tensor<3xf64>
    nn.guard %m : tensor<3xi1>
    %t = nn.tanh %h : tensor<3x5xf64>
    %wide = nn.broadcast %m axes [1] sizes [5] : (tensor<3xi1>) -> tensor<3x5xi1>
    %next = nn.select %wide, %t, %h : tensor<3x5xi1>, tensor<3x5xf64>
    nn.yield %next : tensor<3x5xf64>
  } : (tensor<3x5xf64>) -> tensor<3x5xf64>
  return %end : tensor<3x5xf64>
}
