module @m {
  func.func @train(%arg0: tensor<3x2x9x8xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "x0"}, %arg1: tensor<3xi32> {nn.index = 1 : i64, nn.kind = "input", nn.name = "t0"}, %arg2: tensor<8xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "p1"}, %arg3: tensor<144x10xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg4: tensor<10xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "dense_1.bias"}, %arg5: tensor<3xf32> {nn.index = 0 : i64, nn.kind = "sample_weight", nn.name = "sample_weight"}, %arg6: tensor<4xi32> {nn.index = 0 : i64, nn.kind = "random_key", nn.name = "random_key"}) -> (tensor<3x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "y0"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}) {
    %0 = nn.broadcast %arg2 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %1 = nn.less %arg0, %0 : tensor<3x2x9x8xf32>
    %2 = nn.broadcast %arg2 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %3 = nn.mul %2, %arg0 : tensor<3x2x9x8xf32>
    %4 = nn.constant dense<3.000000e-01> : tensor<3x2x9x8xf32>
    %5 = nn.select %1, %4, %3 : tensor<3x2x9x8xi1>, tensor<3x2x9x8xf32>
    %6 = nn.constant dense<1.000000e+00> : tensor<3x2x9x8xf32>
    %7 = nn.sub %6, %5 : tensor<3x2x9x8xf32>
    %8 = nn.avg_pool2d %7 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>) -> tensor<3x2x7x7xf32>
    %9 = nn.stop_gradient %8 : tensor<3x2x7x7xf32>
    %10 = nn.max_pool2d_grad %7, %9 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>, tensor<3x2x7x7xf32>) -> tensor<3x2x9x8xf32>
    %11 = nn.mul %7, %10 : tensor<3x2x9x8xf32>
    %12 = nn.constant dense<3.000000e-02> : tensor<3x2x9x8xf32>
    %13 = nn.mul %11, %12 : tensor<3x2x9x8xf32>
    %14 = nn.reshape %arg0 shape [3, 18, 8] : (tensor<3x2x9x8xf32>) -> tensor<3x18x8xf32>
    %15 = nn.reshape %14 shape [3, 2, 9, 8] : (tensor<3x18x8xf32>) -> tensor<3x2x9x8xf32>
    %16 = nn.reshape %13 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %17 = nn.reduce_sum %16 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %18 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %19 = nn.div %17, %18 : tensor<3xf32>
    %20 = nn.reshape %15 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %21 = nn.reduce_sum %20 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %22 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %23 = nn.div %21, %22 : tensor<3xf32>
    %24 = nn.add %19, %23 : tensor<3xf32>
    %25 = nn.broadcast %24 axes [1, 2, 3] sizes [2, 9, 8] : (tensor<3xf32>) -> tensor<3x2x9x8xf32>
    %26 = nn.add %15, %25 : tensor<3x2x9x8xf32>
    %27 = nn.constant dense<5.000000e-01> : tensor<3x2x9x8xf32>
    %28 = nn.mul %26, %27 : tensor<3x2x9x8xf32>
    %29 = nn.reshape %28 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %30 = nn.matmul %29, %arg3 : (tensor<3x144xf32>, tensor<144x10xf32>) -> tensor<3x10xf32>
    %31 = nn.broadcast %arg4 axes [0] sizes [3] : (tensor<10xf32>) -> tensor<3x10xf32>
    %32 = nn.add %30, %31 : tensor<3x10xf32>
    %33 = nn.reduce_max %32 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %34 = nn.stop_gradient %33 : tensor<3xf32>
    %35 = nn.broadcast %34 axes [1] sizes [10] : (tensor<3xf32>) -> tensor<3x10xf32>
    %36 = nn.sub %32, %35 : tensor<3x10xf32>
    %37 = nn.exp %36 : tensor<3x10xf32>
    %38 = nn.reduce_sum %37 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %39 = nn.log %38 : tensor<3xf32>
    %40 = nn.broadcast %39 axes [1] sizes [10] : (tensor<3xf32>) -> tensor<3x10xf32>
    %41 = nn.sub %36, %40 : tensor<3x10xf32>
    %42 = nn.one_hot %arg1 classes 10 element f32 : (tensor<3xi32>) -> tensor<3x10xf32>
    %43 = nn.mul %41, %42 : tensor<3x10xf32>
    %44 = nn.reduce_sum %43 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %45 = nn.neg %44 : tensor<3xf32>
    %46 = nn.mul %45, %arg5 : tensor<3xf32>
    %47 = nn.reduce_sum %46 axes [0] : (tensor<3xf32>) -> tensor<f32>
    return %32, %47 : tensor<3x10xf32>, tensor<f32>
  }
  func.func @evaluate(%arg0: tensor<3x2x9x8xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "x0"}, %arg1: tensor<3xi32> {nn.index = 1 : i64, nn.kind = "input", nn.name = "t0"}, %arg2: tensor<8xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "p1"}, %arg3: tensor<144x10xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg4: tensor<10xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "dense_1.bias"}, %arg5: tensor<3xf32> {nn.index = 0 : i64, nn.kind = "sample_weight", nn.name = "sample_weight"}) -> (tensor<3x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "y0"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}) {
    %0 = nn.broadcast %arg2 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %1 = nn.less %arg0, %0 : tensor<3x2x9x8xf32>
    %2 = nn.broadcast %arg2 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %3 = nn.mul %2, %arg0 : tensor<3x2x9x8xf32>
    %4 = nn.constant dense<3.000000e-01> : tensor<3x2x9x8xf32>
    %5 = nn.select %1, %4, %3 : tensor<3x2x9x8xi1>, tensor<3x2x9x8xf32>
    %6 = nn.constant dense<1.000000e+00> : tensor<3x2x9x8xf32>
    %7 = nn.sub %6, %5 : tensor<3x2x9x8xf32>
    %8 = nn.avg_pool2d %7 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>) -> tensor<3x2x7x7xf32>
    %9 = nn.stop_gradient %8 : tensor<3x2x7x7xf32>
    %10 = nn.max_pool2d_grad %7, %9 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>, tensor<3x2x7x7xf32>) -> tensor<3x2x9x8xf32>
    %11 = nn.mul %7, %10 : tensor<3x2x9x8xf32>
    %12 = nn.constant dense<3.000000e-02> : tensor<3x2x9x8xf32>
    %13 = nn.mul %11, %12 : tensor<3x2x9x8xf32>
    %14 = nn.reshape %arg0 shape [3, 18, 8] : (tensor<3x2x9x8xf32>) -> tensor<3x18x8xf32>
    %15 = nn.reshape %14 shape [3, 2, 9, 8] : (tensor<3x18x8xf32>) -> tensor<3x2x9x8xf32>
    %16 = nn.reshape %13 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %17 = nn.reduce_sum %16 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %18 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %19 = nn.div %17, %18 : tensor<3xf32>
    %20 = nn.reshape %15 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %21 = nn.reduce_sum %20 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %22 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %23 = nn.div %21, %22 : tensor<3xf32>
    %24 = nn.add %19, %23 : tensor<3xf32>
    %25 = nn.broadcast %24 axes [1, 2, 3] sizes [2, 9, 8] : (tensor<3xf32>) -> tensor<3x2x9x8xf32>
    %26 = nn.add %15, %25 : tensor<3x2x9x8xf32>
    %27 = nn.constant dense<5.000000e-01> : tensor<3x2x9x8xf32>
    %28 = nn.mul %26, %27 : tensor<3x2x9x8xf32>
    %29 = nn.reshape %28 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %30 = nn.matmul %29, %arg3 : (tensor<3x144xf32>, tensor<144x10xf32>) -> tensor<3x10xf32>
    %31 = nn.broadcast %arg4 axes [0] sizes [3] : (tensor<10xf32>) -> tensor<3x10xf32>
    %32 = nn.add %30, %31 : tensor<3x10xf32>
    %33 = nn.reduce_max %32 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %34 = nn.stop_gradient %33 : tensor<3xf32>
    %35 = nn.broadcast %34 axes [1] sizes [10] : (tensor<3xf32>) -> tensor<3x10xf32>
    %36 = nn.sub %32, %35 : tensor<3x10xf32>
    %37 = nn.exp %36 : tensor<3x10xf32>
    %38 = nn.reduce_sum %37 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %39 = nn.log %38 : tensor<3xf32>
    %40 = nn.broadcast %39 axes [1] sizes [10] : (tensor<3xf32>) -> tensor<3x10xf32>
    %41 = nn.sub %36, %40 : tensor<3x10xf32>
    %42 = nn.one_hot %arg1 classes 10 element f32 : (tensor<3xi32>) -> tensor<3x10xf32>
    %43 = nn.mul %41, %42 : tensor<3x10xf32>
    %44 = nn.reduce_sum %43 axes [1] : (tensor<3x10xf32>) -> tensor<3xf32>
    %45 = nn.neg %44 : tensor<3xf32>
    %46 = nn.mul %45, %arg5 : tensor<3xf32>
    %47 = nn.reduce_sum %46 axes [0] : (tensor<3xf32>) -> tensor<f32>
    return %32, %47 : tensor<3x10xf32>, tensor<f32>
  }
  func.func @infer(%arg0: tensor<3x2x9x8xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "x0"}, %arg1: tensor<8xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "p1"}, %arg2: tensor<144x10xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg3: tensor<10xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "dense_1.bias"}) -> (tensor<3x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "y0"}) {
    %0 = nn.broadcast %arg1 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %1 = nn.less %arg0, %0 : tensor<3x2x9x8xf32>
    %2 = nn.broadcast %arg1 axes [0, 1, 2] sizes [3, 2, 9] : (tensor<8xf32>) -> tensor<3x2x9x8xf32>
    %3 = nn.mul %2, %arg0 : tensor<3x2x9x8xf32>
    %4 = nn.constant dense<3.000000e-01> : tensor<3x2x9x8xf32>
    %5 = nn.select %1, %4, %3 : tensor<3x2x9x8xi1>, tensor<3x2x9x8xf32>
    %6 = nn.constant dense<1.000000e+00> : tensor<3x2x9x8xf32>
    %7 = nn.sub %6, %5 : tensor<3x2x9x8xf32>
    %8 = nn.avg_pool2d %7 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>) -> tensor<3x2x7x7xf32>
    %9 = nn.stop_gradient %8 : tensor<3x2x7x7xf32>
    %10 = nn.max_pool2d_grad %7, %9 kernel [3, 2] stride [1, 1] pad [0, 0, 0, 0] : (tensor<3x2x9x8xf32>, tensor<3x2x7x7xf32>) -> tensor<3x2x9x8xf32>
    %11 = nn.mul %7, %10 : tensor<3x2x9x8xf32>
    %12 = nn.constant dense<3.000000e-02> : tensor<3x2x9x8xf32>
    %13 = nn.mul %11, %12 : tensor<3x2x9x8xf32>
    %14 = nn.reshape %arg0 shape [3, 18, 8] : (tensor<3x2x9x8xf32>) -> tensor<3x18x8xf32>
    %15 = nn.reshape %14 shape [3, 2, 9, 8] : (tensor<3x18x8xf32>) -> tensor<3x2x9x8xf32>
    %16 = nn.reshape %13 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %17 = nn.reduce_sum %16 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %18 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %19 = nn.div %17, %18 : tensor<3xf32>
    %20 = nn.reshape %15 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %21 = nn.reduce_sum %20 axes [1] : (tensor<3x144xf32>) -> tensor<3xf32>
    %22 = nn.constant dense<1.440000e+02> : tensor<3xf32>
    %23 = nn.div %21, %22 : tensor<3xf32>
    %24 = nn.add %19, %23 : tensor<3xf32>
    %25 = nn.broadcast %24 axes [1, 2, 3] sizes [2, 9, 8] : (tensor<3xf32>) -> tensor<3x2x9x8xf32>
    %26 = nn.add %15, %25 : tensor<3x2x9x8xf32>
    %27 = nn.constant dense<5.000000e-01> : tensor<3x2x9x8xf32>
    %28 = nn.mul %26, %27 : tensor<3x2x9x8xf32>
    %29 = nn.reshape %28 shape [3, 144] : (tensor<3x2x9x8xf32>) -> tensor<3x144xf32>
    %30 = nn.matmul %29, %arg2 : (tensor<3x144xf32>, tensor<144x10xf32>) -> tensor<3x10xf32>
    %31 = nn.broadcast %arg3 axes [0] sizes [3] : (tensor<10xf32>) -> tensor<3x10xf32>
    %32 = nn.add %30, %31 : tensor<3x10xf32>
    return %32 : tensor<3x10xf32>
  }
  func.func @update(%arg0: tensor<1472xf32> {nn.index = 0 : i64, nn.kind = "weight", nn.name = "weight"}, %arg1: tensor<1472xf32> {nn.index = 0 : i64, nn.kind = "gradient", nn.name = "gradient"}, %arg2: tensor<1472xf32> {nn.index = 0 : i64, nn.kind = "slot", nn.name = "s"}, %arg3: tensor<f64> {nn.index = 0 : i64, nn.kind = "setting", nn.name = "lr"}, %arg4: tensor<f64> {nn.index = 1 : i64, nn.kind = "setting", nn.name = "lr.warmup"}, %arg5: tensor<f64> {nn.index = 2 : i64, nn.kind = "setting", nn.name = "lr.floor_value"}, %arg6: tensor<f64> {nn.index = 3 : i64, nn.kind = "setting", nn.name = "decay"}, %arg7: tensor<f64> {nn.index = 0 : i64, nn.kind = "step", nn.name = "step"}, %arg8: tensor<f64> {nn.index = 0 : i64, nn.kind = "total_steps", nn.name = "total_steps"}) -> (tensor<1472xf32> {nn.index = 0 : i64, nn.kind = "weight", nn.name = "weight"}, tensor<1472xf32> {nn.index = 0 : i64, nn.kind = "slot", nn.name = "s"}, tensor<f64> {nn.index = 0 : i64, nn.kind = "rate", nn.name = "rate"}) {
    %0 = nn.constant dense<1.000000e+00> : tensor<f64>
    %1 = nn.sub %arg7, %0 : tensor<f64>
    %2 = nn.sub %1, %arg4 : tensor<f64>
    %3 = nn.constant dense<0.000000e+00> : tensor<f64>
    %4 = nn.max %3, %2 : tensor<f64>
    %5 = nn.sub %arg8, %arg4 : tensor<f64>
    %6 = nn.constant dense<1.000000e+00> : tensor<f64>
    %7 = nn.max %6, %5 : tensor<f64>
    %8 = nn.div %4, %7 : tensor<f64>
    %9 = nn.sub %arg3, %arg5 : tensor<f64>
    %10 = nn.constant dense<5.000000e-01> : tensor<f64>
    %11 = nn.mul %9, %10 : tensor<f64>
    %12 = nn.constant dense<1.000000e+00> : tensor<f64>
    %13 = nn.min %12, %8 : tensor<f64>
    %14 = nn.constant dense<3.1415926535897931> : tensor<f64>
    %15 = nn.mul %14, %13 : tensor<f64>
    %16 = nn.cos %15 : tensor<f64>
    %17 = nn.constant dense<1.000000e+00> : tensor<f64>
    %18 = nn.add %17, %16 : tensor<f64>
    %19 = nn.mul %11, %18 : tensor<f64>
    %20 = nn.add %arg5, %19 : tensor<f64>
    %21 = nn.constant dense<1.000000e+00> : tensor<f64>
    %22 = nn.max %arg4, %21 : tensor<f64>
    %23 = nn.div %arg7, %22 : tensor<f64>
    %24 = nn.constant dense<1.000000e+00> : tensor<f64>
    %25 = nn.min %24, %23 : tensor<f64>
    %26 = nn.mul %20, %25 : tensor<f64>
    %27 = nn.cast %arg6 to f32 : tensor<f64>
    %28 = nn.broadcast %27 axes [0] sizes [1472] : (tensor<f32>) -> tensor<1472xf32>
    %29 = nn.mul %28, %arg2 : tensor<1472xf32>
    %30 = nn.constant dense<1.000000e+00> : tensor<f64>
    %31 = nn.sub %30, %arg6 : tensor<f64>
    %32 = nn.cast %31 to f32 : tensor<f64>
    %33 = nn.broadcast %32 axes [0] sizes [1472] : (tensor<f32>) -> tensor<1472xf32>
    %34 = nn.mul %33, %arg1 : tensor<1472xf32>
    %35 = nn.mul %34, %arg1 : tensor<1472xf32>
    %36 = nn.add %29, %35 : tensor<1472xf32>
    %37 = nn.cast %26 to f32 : tensor<f64>
    %38 = nn.broadcast %37 axes [0] sizes [1472] : (tensor<f32>) -> tensor<1472xf32>
    %39 = nn.mul %38, %arg1 : tensor<1472xf32>
    %40 = nn.sqrt %36 : tensor<1472xf32>
    %41 = nn.constant dense<1.000000e-01> : tensor<1472xf32>
    %42 = nn.add %40, %41 : tensor<1472xf32>
    %43 = nn.div %39, %42 : tensor<1472xf32>
    %44 = nn.sub %arg0, %43 : tensor<1472xf32>
    return %44, %36, %26 : tensor<1472xf32>, tensor<1472xf32>, tensor<f64>
  }
}

{-#
  external_resources: {
    mlir_reproducer: {
      pipeline: "builtin.module(differentiate)",
      disable_threading: false,
      verify_each: true
    }
  }
#-}
