// RUN: dlc-test %s

// From one floating type to another.

func.func @values(%x: tensor<3xf32>) -> tensor<3xf64>
  attributes {
    test.inputs = [dense<[0.5, -2.0, 1024.0]> : tensor<3xf32>],
    test.expected = [dense<[0.5, -2.0, 1024.0]> : tensor<3xf64>]
  } {
  %y = nn.cast %x to f64 : tensor<3xf32>
  return %y : tensor<3xf64>
}

func.func @narrow(%x: tensor<3x17xf64>) -> tensor<3x17xf32> {
  %y = nn.cast %x to f32 : tensor<3x17xf64>
  return %y : tensor<3x17xf32>
}

func.func @scalar(%x: tensor<f64>) -> tensor<f32> {
  %y = nn.cast %x to f32 : tensor<f64>
  return %y : tensor<f32>
}
