// RUN: not dlc-test %s 2>&1 | FileCheck %s

// The tester finds compiled code that does not agree with the evaluator: here the code rounds to f32
// on the way, and the evaluator, which is in f64 throughout, does not.

// CHECK: error: compiled as '(tensor<7xf64>) -> tensor<7xf64>': result 0 at [0] is {{.*}}, the evaluator gives
// CHECK: FAILED @rounds: gradient, compiled, compiled in f32
func.func @rounds(%x: tensor<7xf64>) -> tensor<7xf64> {
  %short = nn.cast %x to f32 : tensor<7xf64>
  %y = nn.cast %short to f64 : tensor<7xf32>
  return %y : tensor<7xf64>
}
