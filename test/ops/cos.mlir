// RUN: dlc-test %s

// The cosine.

func.func @values(%x: tensor<7xf64>) -> tensor<7xf64>
  attributes {
    test.inputs = [dense<[-2.5, -1.0, -0.25, 0.0, 0.75, 2.0, 31.0]> : tensor<7xf64>],
    test.expected = [dense<[-0.8011436155469337, 0.5403023058681398, 0.9689124217106447, 1.0, 0.7316888688738209, -0.4161468365471424, 0.9147423578045313]> : tensor<7xf64>]
  } {
  %y = nn.cos %x : tensor<7xf64>
  return %y : tensor<7xf64>
}

func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.cos %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  %y = nn.cos %x : tensor<1xf64>
  return %y : tensor<1xf64>
}

func.func @odd(%x: tensor<3x17xf64>) -> tensor<3x17xf64> {
  %y = nn.cos %x : tensor<3x17xf64>
  return %y : tensor<3x17xf64>
}

func.func @deep(%x: tensor<1x3x1x7xf64>) -> tensor<1x3x1x7xf64> {
  %y = nn.cos %x : tensor<1x3x1x7xf64>
  return %y : tensor<1x3x1x7xf64>
}
