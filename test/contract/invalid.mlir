// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Each attribute that is wrong, or missing, is told by its name.

func.func @unknown() {
  // expected-error @+1 {{`dlc.tail` is not declared}}
  return {dlc.tail = 1 : i64}
}

// -----

// Convolutions.

#image = affine_map<(n, k, p, q, c, r, s) -> (n, c, p + r, q + s)>
#filter = affine_map<(n, k, p, q, c, r, s) -> (k, c, r, s)>
#result = affine_map<(n, k, p, q, c, r, s) -> (n, k, p, q)>
func.func @convolution_of_other_loops(%x: tensor<2x3x6x6xf32>, %w: tensor<4x3x3x3xf32>, %y: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{`dlc.convolution` loop 1, `c`, does not go along the operands as it should}}
  %0 = linalg.generic {
      indexing_maps = [#image, #filter, #result],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<2x3x6x6xf32>, tensor<4x3x3x3xf32>) outs(%y : tensor<2x4x4x4xf32>)
      attrs = {dlc.convolution = #dlc.convolution<image, [n, c, h, w, k, r, s]>} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %c, %p : f32
      linalg.yield %sum : f32
    } -> tensor<2x4x4x4xf32>
  return
}

// -----

#image = affine_map<(n, k, p, q, c, r, s) -> (n, c, p + r, q + s)>
#filter = affine_map<(n, k, p, q, c, r, s) -> (k, c, r, s)>
#result = affine_map<(n, k, p, q, c, r, s) -> (n, k, p, q)>
func.func @convolution_with_a_loop_less(%x: tensor<2x3x6x6xf32>, %w: tensor<4x3x3x3xf32>, %y: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{`dlc.convolution` has 6 loops, the nest 7}}
  %0 = linalg.generic {
      indexing_maps = [#image, #filter, #result],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<2x3x6x6xf32>, tensor<4x3x3x3xf32>) outs(%y : tensor<2x4x4x4xf32>)
      attrs = {dlc.convolution = #dlc.convolution<image, [n, k, h, w, c, r]>} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %c, %p : f32
      linalg.yield %sum : f32
    } -> tensor<2x4x4x4xf32>
  return
}

// -----

#image = affine_map<(n, k, p, q, c, r, s) -> (n, c, p + r, q + s)>
#filter = affine_map<(n, k, p, q, c, r, s) -> (k, c, r, s)>
#result = affine_map<(n, k, p, q, c, r, s) -> (n, k, p, q)>
func.func @convolution_of_sums(%x: tensor<2x3x6x6xf32>, %w: tensor<4x3x3x3xf32>, %y: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{`dlc.convolution` is of a nest that adds up products of its first two inputs}}
  %0 = linalg.generic {
      indexing_maps = [#image, #filter, #result],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<2x3x6x6xf32>, tensor<4x3x3x3xf32>) outs(%y : tensor<2x4x4x4xf32>)
      attrs = {dlc.convolution = #dlc.convolution<image, [n, k, h, w, c, r, s]>} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.addf %a, %b : f32
      %sum = arith.addf %c, %p : f32
      linalg.yield %sum : f32
    } -> tensor<2x4x4x4xf32>
  return
}

// -----

// The gradient of the filter is a sum over images, not over channels.

#image = affine_map<(n, k, p, q, c, r, s) -> (n, c, p + r, q + s)>
#filter = affine_map<(n, k, p, q, c, r, s) -> (k, c, r, s)>
#result = affine_map<(n, k, p, q, c, r, s) -> (n, k, p, q)>
func.func @convolution_to_the_other_side(%x: tensor<2x3x6x6xf32>, %y: tensor<2x4x4x4xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{`dlc.convolution` loop 0, `n`, is not summed over}}
  %0 = linalg.generic {
      indexing_maps = [#image, #result, #filter],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %y : tensor<2x3x6x6xf32>, tensor<2x4x4x4xf32>) outs(%w : tensor<4x3x3x3xf32>)
      attrs = {dlc.convolution = #dlc.convolution<filter, [n, k, h, w, c, r, s]>} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %c, %p : f32
      linalg.yield %sum : f32
    } -> tensor<4x3x3x3xf32>
  return
}

// -----

func.func @convolution_of_a_function(%x: tensor<2xf32>) {
  // expected-error @+1 {{`dlc.convolution` is of a linalg.generic with two inputs and one output}}
  %0 = arith.addf %x, %x {dlc.convolution = #dlc.convolution<image, [n]>} : tensor<2xf32>
  return
}

// -----

// Epilogues.

#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
#line = affine_map<(i) -> (i)>
func.func @epilogue_of_nothing(%x: tensor<3x4xf32>, %s: tensor<3xf32>, %other: tensor<3xf32>) {
  %sum = linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<3x4xf32>) outs(%s : tensor<3xf32>) {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    } -> tensor<3xf32>
  // expected-error @+1 {{`dlc.epilogue` goes on from input 0, which is not what the nest before it sums up}}
  %e = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%other : tensor<3xf32>) outs(%s : tensor<3xf32>)
      attrs = {dlc.epilogue = #dlc.epilogue<input = 0, sum = dropped>} {
    ^bb0(%a: f32, %b: f32):
      %0 = math.tanh %a : f32
      linalg.yield %0 : f32
    } -> tensor<3xf32>
  return
}

// -----

#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
#line = affine_map<(i) -> (i)>
func.func @epilogue_drops(%x: tensor<3x4xf32>, %s: tensor<3xf32>) -> tensor<3xf32> {
  %sum = linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<3x4xf32>) outs(%s : tensor<3xf32>) {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    } -> tensor<3xf32>
  // expected-error @+1 {{`dlc.epilogue` drops sums that are read elsewhere}}
  %e = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<3xf32>) outs(%s : tensor<3xf32>)
      attrs = {dlc.epilogue = #dlc.epilogue<input = 0, sum = dropped>} {
    ^bb0(%a: f32, %b: f32):
      %0 = math.tanh %a : f32
      linalg.yield %0 : f32
    } -> tensor<3xf32>
  return %sum : tensor<3xf32>
}

// -----

#line = affine_map<(i) -> (i)>
func.func @epilogue_without_input(%x: tensor<3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{`dlc.epilogue` is of a linalg.generic with an input 1}}
  %e = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%s : tensor<3xf32>)
      attrs = {dlc.epilogue = #dlc.epilogue<input = 1, sum = kept>} {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<3xf32>
  return
}

// -----

#line = affine_map<(i) -> (i)>
func.func @group_of_odd_rows(%x: tensor<3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{`dlc.group` is of a linalg.generic whose outputs have rows for at least two parts}}
  %e = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%s : tensor<3xf32>)
      attrs = {dlc.group = #dlc.group<number = 0, parts = 2>} {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<3xf32>
  return
}

// -----

// Nests on buffers.

#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
func.func @start_of_another_type(%x: memref<3x4xf32>, %s: memref<3xf32>) {
  // expected-error @+1 {{`dlc.start` of output 0 has the type 'f64'}}
  linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x4xf32>) outs(%s : memref<3xf32>) attrs = {dlc.start = [0.0 : f64]} {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    }
  return
}

// -----

#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
func.func @start_of_nothing(%x: memref<3x4xf32>, %s: memref<3xf32>) {
  // expected-error @+1 {{`dlc.start` of output 0 is missing: the nest goes on from it}}
  linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x4xf32>) outs(%s : memref<3xf32>) attrs = {dlc.start = [unit]} {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    }
  return
}

// -----

#line = affine_map<(i) -> (i)>
func.func @starts_of_two_outputs(%x: memref<3xf32>, %y: memref<3xf32>) {
  // expected-error @+1 {{`dlc.start` has a start for each output of a linalg.generic on buffers}}
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : memref<3xf32>) outs(%y : memref<3xf32>) attrs = {dlc.start = [unit, unit]} {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  return
}

// -----

#line = affine_map<(i) -> (i)>
func.func @nonzero_beyond_the_end(%x: memref<3xf32>, %y: memref<3xf32>) {
  // expected-error @+1 {{`dlc.nonzero` of input 0 does not lie within axis 0}}
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : memref<3xf32>) outs(%y : memref<3xf32>) attrs = {dlc.nonzero = [array<i64: 1, 4>]} {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  return
}

// -----

#line = affine_map<(i) -> (i)>
func.func @padding_of_ones(%y: memref<3xf32>) {
  // expected-error @+1 {{`dlc.padding` of a nest without inputs is one image's, which it fills with zeros}}
  linalg.generic {indexing_maps = [#line], iterator_types = ["parallel"]}
      outs(%y : memref<3xf32>) attrs = {dlc.padding = [distinct[0]<unit>]} {
    ^bb0(%a: f32):
      %one = arith.constant 1.0 : f32
      linalg.yield %one : f32
    }
  return
}

// -----

// Functions and calls.

// expected-error @+1 {{has no `dlc.buffer` of argument 1}}
func.func @argument_of_no_buffer(%a: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>}, %x: memref<8xi8>)
    attributes {dlc.arena_bytes = 64 : i64} {
  return
}

// -----

// expected-error @+1 {{has the same `dlc.buffer` of arguments 1 and 2}}
func.func @one_buffer_twice(%a: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>},
                            %x: memref<8xi8> {dlc.buffer = #dlc.buffer<input, 1>},
                            %y: memref<8xi8> {dlc.buffer = #dlc.buffer<input, 1>})
    attributes {dlc.arena_bytes = 64 : i64} {
  return
}

// -----

// expected-error @+1 {{there is no buffer `weights` number 1}}
func.func @weights(%x: memref<8xi8> {dlc.buffer = #dlc.buffer<weights, 1>}) {
  return
}

// -----

// expected-error @+1 {{`dlc.arena_bytes` is 65, the arena has 64 bytes}}
func.func @arena(%a: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>}) attributes {dlc.arena_bytes = 65 : i64} {
  return
}

// -----

// expected-error @+1 {{`dlc.flops` is a number of a function that has `dlc.arena_bytes`}}
func.func @flops() attributes {dlc.flops = 2 : i64} {
  return
}

// -----

// expected-error @+1 {{`dlc.schedule` cannot be 1 : i64}}
func.func @schedule() attributes {dlc.schedule = 1 : i64} {
  return
}

// -----

#rows = affine_map<(i, j) -> (i, j)>
#sums = affine_map<(i, j) -> (i)>
func.func @nest_without_start(%arena: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>})
    attributes {dlc.arena_bytes = 64 : i64} {
  %begin = arith.constant 0 : index
  %x = memref.view %arena[%begin][] : memref<64xi8> to memref<3x4xf32>
  %s = memref.view %arena[%begin][] : memref<64xi8> to memref<3xf32>
  // expected-error @+1 {{has no `dlc.start`}}
  linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x4xf32>) outs(%s : memref<3xf32>) {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %b, %a : f32
      linalg.yield %0 : f32
    }
  return
}

// -----

func.func private @kernel_0(memref<16xf32>, index, index)
func.func @call_without_work(%arena: memref<64xi8> {dlc.buffer = #dlc.buffer<arena>})
    attributes {dlc.arena_bytes = 64 : i64} {
  %begin = arith.constant 0 : index
  %x = memref.view %arena[%begin][] : memref<64xi8> to memref<16xf32>
  // expected-error @+1 {{has no `dlc.work`}}
  call @kernel_0(%x, %begin, %begin) : (memref<16xf32>, index, index) -> ()
  return
}

// -----

func.func private @kernel_0(index, index)
func.func @work(%i: index) {
  // expected-error @+1 {{`dlc.work` is a count of operations of a call}}
  call @kernel_0(%i, %i) {dlc.work = -1 : i64} : (index, index) -> ()
  return
}

// -----

#table = affine_map<(t, c, r) -> (r, c)>
#index = affine_map<(t, c, r) -> (t)>
#result = affine_map<(t, c, r) -> (t, c)>
func.func @rows_without_index(%x: tensor<3x4xf32>, %i: tensor<5xi32>, %y: tensor<5x4xf32>) -> tensor<5x4xf32> {
  // expected-error @+1 {{`dlc.rows` is of a nest that asks for the number of one loop, that over the rows}}
  %0 = linalg.generic {indexing_maps = [#table, #index, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %i : tensor<3x4xf32>, tensor<5xi32>) outs(%y : tensor<5x4xf32>)
      attrs = {dlc.rows = #dlc.rows<gather>} {
    ^bb0(%a: f32, %n: i32, %b: f32):
      %sum = arith.addf %b, %a : f32
      linalg.yield %sum : f32
    } -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// -----

#table = affine_map<(t, c, r) -> (r, c)>
#index = affine_map<(t, c, r) -> (t)>
#result = affine_map<(t, c, r) -> (t, c)>
func.func @rows_the_wrong_way(%x: tensor<3x4xf32>, %i: tensor<5xi32>, %y: tensor<5x4xf32>) -> tensor<5x4xf32> {
  // expected-error @+1 {{`dlc.rows` goes from a table whose rows are summed over}}
  %0 = linalg.generic {indexing_maps = [#table, #index, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %i : tensor<3x4xf32>, tensor<5xi32>) outs(%y : tensor<5x4xf32>)
      attrs = {dlc.rows = #dlc.rows<scatter_add>} {
    ^bb0(%a: f32, %n: i32, %b: f32):
      %r = linalg.index 2 : index
      %here = arith.index_cast %r : index to i32
      %is = arith.cmpi eq, %here, %n : i32
      %zero = arith.constant 0.0 : f32
      %term = arith.select %is, %a, %zero : f32
      %sum = arith.addf %b, %term : f32
      linalg.yield %sum : f32
    } -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// -----

#line = affine_map<(i) -> (i)>
func.func @rows_of_one_input(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{`dlc.rows` is of a linalg.generic with two inputs and one output}}
  %0 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%y : tensor<3xf32>) attrs = {dlc.rows = #dlc.rows<gather>} {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

#line = affine_map<(i) -> (i)>
func.func @rows_by_numbers(%x: tensor<3xf32>, %n: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{`dlc.rows` has an index of ints for its second input}}
  %0 = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]}
      ins(%x, %n : tensor<3xf32>, tensor<3xf32>) outs(%y : tensor<3xf32>) attrs = {dlc.rows = #dlc.rows<gather>} {
    ^bb0(%a: f32, %i: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @shared_by_two() {
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %two = arith.constant 2 : index
  // expected-error @+1 {{`dlc.shared` is of an scf.for from 0 to a constant by 1}}
  scf.for %i = %zero to %four step %two {
  } {dlc.shared}
  return
}

// -----

func.func @shared_carrying(%x: f32) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  // expected-error @+1 {{`dlc.shared` is of a loop that carries nothing}}
  %y = scf.for %i = %zero to %four step %one iter_args(%z = %x) -> f32 {
    scf.yield %z : f32
  } {dlc.shared}
  return %y : f32
}

// -----

func.func @guard_of_floats(%m: memref<4xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %one step %one {
    // expected-error @+1 {{'dlc.guard' op needs a mask of bytes, found 'memref<4xf32>'}}
    dlc.guard %m : memref<4xf32>
  }
  return
}

// -----

func.func @two_guards(%m: memref<4xi8>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %one step %one {
    // expected-error @+1 {{'dlc.guard' op is the second of its loop}}
    dlc.guard %m : memref<4xi8>
    dlc.guard %m : memref<4xi8>
  }
  return
}
