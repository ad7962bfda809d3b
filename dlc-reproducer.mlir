#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2 + 1, d3 + 1)>
#map2 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 + d5, d3 + d6)>
#map3 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d4, d5, d6)>
#map4 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2 * 2 + d4, d3 * 2 + d5)>
#map6 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1)>
#map7 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
#map8 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map10 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map11 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map12 = affine_map<(d0, d1) -> (0)>
#map13 = affine_map<(d0, d1) -> (1)>
#map14 = affine_map<(d0, d1) -> (2)>
#map15 = affine_map<(d0, d1) -> (3)>
#map16 = affine_map<(d0, d1) -> (d0, d1)>
#map17 = affine_map<(d0, d1) -> (d1)>
#map18 = affine_map<(d0, d1) -> (d0)>
#map19 = affine_map<(d0) -> (d0)>
#map20 = affine_map<(d0) -> ()>
#map21 = affine_map<(d0, d1) -> (d1, d0)>
#map22 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map23 = affine_map<(d0, d1, d2) -> (d2, d0)>
#map24 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4)>
#map25 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4, d5)>
#map26 = affine_map<(d0, d1, d2, d3) -> (d1)>
#map27 = affine_map<(d0, d1, d2, d3) -> (d1, d0, d2, d3)>
#map28 = affine_map<(d0, d1, d2, d3) -> (d0)>
#map29 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 - d5 + 2, d3 - d6 + 2)>
#map30 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d1, d5, d6)>
#map31 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d1, d2 + d5, d3 + d6)>
#map32 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d0, d5, d6)>
#map33 = affine_map<() -> ()>
module @cnn {
  func.func @step(%arg0: tensor<64x1x28x28xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "image"}, %arg1: tensor<64xi32> {nn.index = 1 : i64, nn.kind = "input", nn.name = "label"}, %arg2: tensor<32x1x3x3xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "conv_1.weight"}, %arg3: tensor<32xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "conv_1.bias"}, %arg4: tensor<64x32x3x3xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "conv_2.weight"}, %arg5: tensor<64xf32> {nn.index = 3 : i64, nn.kind = "param", nn.name = "conv_2.bias"}, %arg6: tensor<3136x128xf32> {nn.index = 4 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg7: tensor<128xf32> {nn.index = 5 : i64, nn.kind = "param", nn.name = "dense_1.bias"}, %arg8: tensor<128x10xf32> {nn.index = 6 : i64, nn.kind = "param", nn.name = "dense_2.weight"}, %arg9: tensor<10xf32> {nn.index = 7 : i64, nn.kind = "param", nn.name = "dense_2.bias"}, %arg10: tensor<64xf32> {nn.index = 0 : i64, nn.kind = "sample_weight", nn.name = "sample_weight"}, %arg11: tensor<4xi32> {nn.index = 0 : i64, nn.kind = "random_key", nn.name = "random_key"}) -> (tensor<64x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "logits"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "metric", nn.name = "accuracy"}, tensor<32x1x3x3xf32> {nn.index = 0 : i64, nn.kind = "gradient", nn.name = "conv_1.weight"}, tensor<32xf32> {nn.index = 1 : i64, nn.kind = "gradient", nn.name = "conv_1.bias"}, tensor<64x32x3x3xf32> {nn.index = 2 : i64, nn.kind = "gradient", nn.name = "conv_2.weight"}, tensor<64xf32> {nn.index = 3 : i64, nn.kind = "gradient", nn.name = "conv_2.bias"}, tensor<3136x128xf32> {nn.index = 4 : i64, nn.kind = "gradient", nn.name = "dense_1.weight"}, tensor<128xf32> {nn.index = 5 : i64, nn.kind = "gradient", nn.name = "dense_1.bias"}, tensor<128x10xf32> {nn.index = 6 : i64, nn.kind = "gradient", nn.name = "dense_2.weight"}, tensor<10xf32> {nn.index = 7 : i64, nn.kind = "gradient", nn.name = "dense_2.bias"}) {
    %c-1767562579_i32 = arith.constant -1767562579 : i32
    %c-1879881855_i32 = arith.constant -1879881855 : i32
    %c-616729560_i32 = arith.constant -616729560 : i32
    %c-239350328_i32 = arith.constant -239350328 : i32
    %c534103459_i32 = arith.constant 534103459 : i32
    %c1401181199_i32 = arith.constant 1401181199 : i32
    %c1684936478_i32 = arith.constant 1684936478 : i32
    %c-1253254570_i32 = arith.constant -1253254570 : i32
    %c-1459197799_i32 = arith.constant -1459197799 : i32
    %c387276957_i32 = arith.constant 387276957 : i32
    %c-308364780_i32 = arith.constant -308364780 : i32
    %c2027808484_i32 = arith.constant 2027808484 : i32
    %c842468239_i32 = arith.constant 842468239 : i32
    %c-626627285_i32 = arith.constant -626627285 : i32
    %c1993301258_i32 = arith.constant 1993301258 : i32
    %c1013904242_i32 = arith.constant 1013904242 : i32
    %cst = arith.constant 1.000000e+00 : f32
    %cst_0 = arith.constant 2.000000e+00 : f32
    %cst_1 = arith.constant 5.000000e-01 : f32
    %cst_2 = arith.constant 5.96046448E-8 : f32
    %c8_i32 = arith.constant 8 : i32
    %c1_i32 = arith.constant 1 : i32
    %c3_i32 = arith.constant 3 : i32
    %c-1150833019_i32 = arith.constant -1150833019 : i32
    %c-1640531527_i32 = arith.constant -1640531527 : i32
    %c-845247145_i32 = arith.constant -845247145 : i32
    %c-766435501_i32 = arith.constant -766435501 : i32
    %c2_i32 = arith.constant 2 : i32
    %c128_i32 = arith.constant 128 : i32
    %c0_i32 = arith.constant 0 : i32
    %cst_3 = arith.constant 0xFF800000 : f32
    %cst_4 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<64x1x30x30xf32>
    %1 = linalg.fill ins(%cst_4 : f32) outs(%0 : tensor<64x1x30x30xf32>) -> tensor<64x1x30x30xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<64x1x28x28xf32>) outs(%1 : tensor<64x1x30x30xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x1x30x30xf32>
    %3 = tensor.empty() : tensor<64x32x28x28xf32>
    %4 = linalg.fill ins(%cst_4 : f32) outs(%3 : tensor<64x32x28x28xf32>) -> tensor<64x32x28x28xf32>
    %5 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%2, %arg2 : tensor<64x1x30x30xf32>, tensor<32x1x3x3xf32>) outs(%4 : tensor<64x32x28x28xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x32x28x28xf32>
    %6 = tensor.empty() : tensor<64x32x14x14xf32>
    %7 = linalg.fill ins(%cst_3 : f32) outs(%6 : tensor<64x32x14x14xf32>) -> tensor<64x32x14x14xf32>
    %8 = tensor.empty() : tensor<2x2xi8>
    %9 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%5, %arg3, %8 : tensor<64x32x28x28xf32>, tensor<32xf32>, tensor<2x2xi8>) outs(%7 : tensor<64x32x14x14xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: i8, %out: f32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf ogt, %cst_4, %92 : f32
      %94 = arith.select %93, %cst_4, %92 : f32
      %95 = arith.cmpf ogt, %94, %out : f32
      %96 = arith.select %95, %94, %out : f32
      linalg.yield %96 : f32
    } -> tensor<64x32x14x14xf32>
    %10 = tensor.empty() : tensor<64x32x16x16xf32>
    %11 = linalg.fill ins(%cst_4 : f32) outs(%10 : tensor<64x32x16x16xf32>) -> tensor<64x32x16x16xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<64x32x14x14xf32>) outs(%11 : tensor<64x32x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x32x16x16xf32>
    %13 = tensor.empty() : tensor<64x64x14x14xf32>
    %14 = linalg.fill ins(%cst_4 : f32) outs(%13 : tensor<64x64x14x14xf32>) -> tensor<64x64x14x14xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%12, %arg4 : tensor<64x32x16x16xf32>, tensor<64x32x3x3xf32>) outs(%14 : tensor<64x64x14x14xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x64x14x14xf32>
    %16 = tensor.empty() : tensor<64x64x7x7xf32>
    %17 = linalg.fill ins(%cst_3 : f32) outs(%16 : tensor<64x64x7x7xf32>) -> tensor<64x64x7x7xf32>
    %18 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%15, %arg5, %8 : tensor<64x64x14x14xf32>, tensor<64xf32>, tensor<2x2xi8>) outs(%17 : tensor<64x64x7x7xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: i8, %out: f32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf ogt, %cst_4, %92 : f32
      %94 = arith.select %93, %cst_4, %92 : f32
      %95 = arith.cmpf ogt, %94, %out : f32
      %96 = arith.select %95, %94, %out : f32
      linalg.yield %96 : f32
    } -> tensor<64x64x7x7xf32>
    %collapsed = tensor.collapse_shape %18 [[0], [1, 2, 3]] : tensor<64x64x7x7xf32> into tensor<64x3136xf32>
    %19 = tensor.empty() : tensor<64x128xf32>
    %20 = linalg.fill ins(%cst_4 : f32) outs(%19 : tensor<64x128xf32>) -> tensor<64x128xf32>
    %21 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed, %arg6 : tensor<64x3136xf32>, tensor<3136x128xf32>) outs(%20 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x128xf32>
    %22 = tensor.empty() : tensor<64x128xi8>
    %23 = linalg.generic {indexing_maps = [#map12, #map13, #map14, #map15, #map16], iterator_types = ["parallel", "parallel"]} ins(%arg11, %arg11, %arg11, %arg11 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) outs(%22 : tensor<64x128xi8>) {
    ^bb0(%in: i32, %in_7: i32, %in_8: i32, %in_9: i32, %out: i8):
      %92 = linalg.index 0 : index
      %93 = linalg.index 1 : index
      %94 = arith.index_cast %92 : index to i32
      %95 = arith.index_cast %93 : index to i32
      %96 = arith.muli %94, %c128_i32 : i32
      %97 = arith.addi %96, %95 : i32
      %98 = arith.shrui %97, %c2_i32 : i32
      %low, %high = arith.mului_extended %98, %c-766435501_i32 : i32
      %low_10, %high_11 = arith.mului_extended %in_8, %c-845247145_i32 : i32
      %99 = arith.xori %high_11, %in : i32
      %100 = arith.xori %high, %in_9 : i32
      %101 = arith.xori %100, %in_7 : i32
      %102 = arith.addi %in, %c-1640531527_i32 : i32
      %103 = arith.addi %in_7, %c-1150833019_i32 : i32
      %low_12, %high_13 = arith.mului_extended %99, %c-766435501_i32 : i32
      %low_14, %high_15 = arith.mului_extended %101, %c-845247145_i32 : i32
      %104 = arith.xori %high_15, %low_10 : i32
      %105 = arith.xori %104, %102 : i32
      %106 = arith.xori %high_13, %low : i32
      %107 = arith.xori %106, %103 : i32
      %108 = arith.addi %in, %c1013904242_i32 : i32
      %109 = arith.addi %in_7, %c1993301258_i32 : i32
      %low_16, %high_17 = arith.mului_extended %105, %c-766435501_i32 : i32
      %low_18, %high_19 = arith.mului_extended %107, %c-845247145_i32 : i32
      %110 = arith.xori %high_19, %low_14 : i32
      %111 = arith.xori %110, %108 : i32
      %112 = arith.xori %high_17, %low_12 : i32
      %113 = arith.xori %112, %109 : i32
      %114 = arith.addi %in, %c-626627285_i32 : i32
      %115 = arith.addi %in_7, %c842468239_i32 : i32
      %low_20, %high_21 = arith.mului_extended %111, %c-766435501_i32 : i32
      %low_22, %high_23 = arith.mului_extended %113, %c-845247145_i32 : i32
      %116 = arith.xori %high_23, %low_18 : i32
      %117 = arith.xori %116, %114 : i32
      %118 = arith.xori %high_21, %low_16 : i32
      %119 = arith.xori %118, %115 : i32
      %120 = arith.addi %in, %c2027808484_i32 : i32
      %121 = arith.addi %in_7, %c-308364780_i32 : i32
      %low_24, %high_25 = arith.mului_extended %117, %c-766435501_i32 : i32
      %low_26, %high_27 = arith.mului_extended %119, %c-845247145_i32 : i32
      %122 = arith.xori %high_27, %low_22 : i32
      %123 = arith.xori %122, %120 : i32
      %124 = arith.xori %high_25, %low_20 : i32
      %125 = arith.xori %124, %121 : i32
      %126 = arith.addi %in, %c387276957_i32 : i32
      %127 = arith.addi %in_7, %c-1459197799_i32 : i32
      %low_28, %high_29 = arith.mului_extended %123, %c-766435501_i32 : i32
      %low_30, %high_31 = arith.mului_extended %125, %c-845247145_i32 : i32
      %128 = arith.xori %high_31, %low_26 : i32
      %129 = arith.xori %128, %126 : i32
      %130 = arith.xori %high_29, %low_24 : i32
      %131 = arith.xori %130, %127 : i32
      %132 = arith.addi %in, %c-1253254570_i32 : i32
      %133 = arith.addi %in_7, %c1684936478_i32 : i32
      %low_32, %high_33 = arith.mului_extended %129, %c-766435501_i32 : i32
      %low_34, %high_35 = arith.mului_extended %131, %c-845247145_i32 : i32
      %134 = arith.xori %high_35, %low_30 : i32
      %135 = arith.xori %134, %132 : i32
      %136 = arith.xori %high_33, %low_28 : i32
      %137 = arith.xori %136, %133 : i32
      %138 = arith.addi %in, %c1401181199_i32 : i32
      %139 = arith.addi %in_7, %c534103459_i32 : i32
      %low_36, %high_37 = arith.mului_extended %135, %c-766435501_i32 : i32
      %low_38, %high_39 = arith.mului_extended %137, %c-845247145_i32 : i32
      %140 = arith.xori %high_39, %low_34 : i32
      %141 = arith.xori %140, %138 : i32
      %142 = arith.xori %high_37, %low_32 : i32
      %143 = arith.xori %142, %139 : i32
      %144 = arith.addi %in, %c-239350328_i32 : i32
      %145 = arith.addi %in_7, %c-616729560_i32 : i32
      %low_40, %high_41 = arith.mului_extended %141, %c-766435501_i32 : i32
      %low_42, %high_43 = arith.mului_extended %143, %c-845247145_i32 : i32
      %146 = arith.xori %high_43, %low_38 : i32
      %147 = arith.xori %146, %144 : i32
      %148 = arith.xori %high_41, %low_36 : i32
      %149 = arith.xori %148, %145 : i32
      %150 = arith.addi %in, %c-1879881855_i32 : i32
      %151 = arith.addi %in_7, %c-1767562579_i32 : i32
      %low_44, %high_45 = arith.mului_extended %147, %c-766435501_i32 : i32
      %low_46, %high_47 = arith.mului_extended %149, %c-845247145_i32 : i32
      %152 = arith.xori %high_47, %low_42 : i32
      %153 = arith.xori %152, %150 : i32
      %154 = arith.xori %high_45, %low_40 : i32
      %155 = arith.xori %154, %151 : i32
      %156 = arith.andi %97, %c3_i32 : i32
      %157 = arith.cmpi eq, %156, %c2_i32 : i32
      %158 = arith.select %157, %155, %low_44 : i32
      %159 = arith.cmpi eq, %156, %c1_i32 : i32
      %160 = arith.select %159, %low_46, %158 : i32
      %161 = arith.cmpi eq, %156, %c0_i32 : i32
      %162 = arith.select %161, %153, %160 : i32
      %163 = arith.shrui %162, %c8_i32 : i32
      %164 = arith.sitofp %163 : i32 to f32
      %165 = arith.mulf %164, %cst_2 : f32
      %166 = arith.cmpf ole, %cst_1, %165 : f32
      %167 = arith.extui %166 : i1 to i8
      linalg.yield %167 : i8
    } -> tensor<64x128xi8>
    %24 = linalg.generic {indexing_maps = [#map16, #map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%23, %21, %arg7 : tensor<64x128xi8>, tensor<64x128xf32>, tensor<128xf32>) outs(%19 : tensor<64x128xf32>) {
    ^bb0(%in: i8, %in_7: f32, %in_8: f32, %out: f32):
      %92 = arith.addf %in_7, %in_8 : f32
      %93 = arith.cmpf ogt, %cst_4, %92 : f32
      %94 = arith.select %93, %cst_4, %92 : f32
      %95 = arith.mulf %94, %cst_0 : f32
      %96 = arith.trunci %in : i8 to i1
      %97 = arith.select %96, %95, %cst_4 : f32
      linalg.yield %97 : f32
    } -> tensor<64x128xf32>
    %25 = tensor.empty() : tensor<64x10xf32>
    %26 = linalg.fill ins(%cst_4 : f32) outs(%25 : tensor<64x10xf32>) -> tensor<64x10xf32>
    %27 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%24, %arg8 : tensor<64x128xf32>, tensor<128x10xf32>) outs(%26 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x10xf32>
    %28 = linalg.generic {indexing_maps = [#map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%27, %arg9 : tensor<64x10xf32>, tensor<10xf32>) outs(%25 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.addf %in, %in_7 : f32
      linalg.yield %92 : f32
    } -> tensor<64x10xf32>
    %29 = tensor.empty() : tensor<64xf32>
    %30 = linalg.fill ins(%cst_3 : f32) outs(%29 : tensor<64xf32>) -> tensor<64xf32>
    %31 = linalg.generic {indexing_maps = [#map16, #map18], iterator_types = ["parallel", "reduction"]} ins(%28 : tensor<64x10xf32>) outs(%30 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.maximumf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %32 = linalg.generic {indexing_maps = [#map16, #map18, #map16], iterator_types = ["parallel", "parallel"]} ins(%28, %31 : tensor<64x10xf32>, tensor<64xf32>) outs(%25 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.subf %in, %in_7 : f32
      %93 = math.exp %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x10xf32>
    %33 = linalg.fill ins(%cst_4 : f32) outs(%29 : tensor<64xf32>) -> tensor<64xf32>
    %34 = linalg.generic {indexing_maps = [#map16, #map18], iterator_types = ["parallel", "reduction"]} ins(%32 : tensor<64x10xf32>) outs(%33 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %35 = linalg.generic {indexing_maps = [#map19, #map19], iterator_types = ["parallel"]} ins(%34 : tensor<64xf32>) outs(%29 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = math.log %in : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %36 = linalg.generic {indexing_maps = [#map16, #map18, #map18, #map18, #map18], iterator_types = ["parallel", "reduction"]} ins(%28, %31, %35, %arg1 : tensor<64x10xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xi32>) outs(%33 : tensor<64xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: f32, %in_9: i32, %out: f32):
      %92 = linalg.index 1 : index
      %93 = arith.index_cast %92 : index to i32
      %94 = arith.cmpi eq, %93, %in_9 : i32
      %95 = arith.select %94, %cst, %cst_4 : f32
      %96 = arith.subf %in, %in_7 : f32
      %97 = arith.subf %96, %in_8 : f32
      %98 = arith.mulf %97, %95 : f32
      %99 = arith.addf %out, %98 : f32
      linalg.yield %99 : f32
    } -> tensor<64xf32>
    %37 = tensor.empty() : tensor<f32>
    %38 = linalg.fill ins(%cst_4 : f32) outs(%37 : tensor<f32>) -> tensor<f32>
    %39 = linalg.generic {indexing_maps = [#map19, #map19, #map20], iterator_types = ["reduction"]} ins(%36, %arg10 : tensor<64xf32>, tensor<64xf32>) outs(%38 : tensor<f32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.negf %in : f32
      %93 = arith.mulf %92, %in_7 : f32
      %94 = arith.addf %out, %93 : f32
      linalg.yield %94 : f32
    } -> tensor<f32>
    %40 = tensor.empty() : tensor<64xi32>
    %41 = linalg.fill ins(%c0_i32 : i32) outs(%40 : tensor<64xi32>) -> tensor<64xi32>
    %42:2 = linalg.generic {indexing_maps = [#map16, #map18, #map18], iterator_types = ["parallel", "reduction"]} ins(%28 : tensor<64x10xf32>) outs(%30, %41 : tensor<64xf32>, tensor<64xi32>) {
    ^bb0(%in: f32, %out: f32, %out_7: i32):
      %92 = linalg.index 1 : index
      %93 = arith.index_cast %92 : index to i32
      %94 = arith.cmpf ogt, %in, %out : f32
      %95 = arith.select %94, %in, %out : f32
      %96 = arith.select %94, %93, %out_7 : i32
      linalg.yield %95, %96 : f32, i32
    } -> (tensor<64xf32>, tensor<64xi32>)
    %43 = linalg.generic {indexing_maps = [#map19, #map19, #map19, #map20], iterator_types = ["reduction"]} ins(%42#1, %arg1, %arg10 : tensor<64xi32>, tensor<64xi32>, tensor<64xf32>) outs(%38 : tensor<f32>) {
    ^bb0(%in: i32, %in_7: i32, %in_8: f32, %out: f32):
      %92 = arith.cmpi eq, %in, %in_7 : i32
      %93 = arith.select %92, %cst, %cst_4 : f32
      %94 = arith.mulf %93, %in_8 : f32
      %95 = arith.addf %out, %94 : f32
      linalg.yield %95 : f32
    } -> tensor<f32>
    %44:2 = linalg.generic {indexing_maps = [#map18, #map18, #map16, #map16], iterator_types = ["parallel", "parallel"]} ins(%arg10, %arg1 : tensor<64xf32>, tensor<64xi32>) outs(%25, %25 : tensor<64x10xf32>, tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_7: i32, %out: f32, %out_8: f32):
      %92 = linalg.index 1 : index
      %93 = arith.index_cast %92 : index to i32
      %94 = arith.cmpi eq, %93, %in_7 : i32
      %95 = arith.select %94, %cst, %cst_4 : f32
      %96 = arith.negf %in : f32
      %97 = arith.mulf %96, %95 : f32
      %98 = arith.negf %97 : f32
      linalg.yield %97, %98 : f32, f32
    } -> (tensor<64x10xf32>, tensor<64x10xf32>)
    %45 = linalg.generic {indexing_maps = [#map16, #map18], iterator_types = ["parallel", "reduction"]} ins(%44#1 : tensor<64x10xf32>) outs(%33 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %46 = linalg.generic {indexing_maps = [#map19, #map19, #map19], iterator_types = ["parallel"]} ins(%45, %34 : tensor<64xf32>, tensor<64xf32>) outs(%29 : tensor<64xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.divf %in, %in_7 : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %47 = linalg.generic {indexing_maps = [#map16, #map18, #map16, #map16], iterator_types = ["parallel", "parallel"]} ins(%44#0, %46, %32 : tensor<64x10xf32>, tensor<64xf32>, tensor<64x10xf32>) outs(%25 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: f32, %out: f32):
      %92 = arith.mulf %in_7, %in_8 : f32
      %93 = arith.addf %in, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x10xf32>
    %48 = tensor.empty() : tensor<10xf32>
    %49 = linalg.fill ins(%cst_4 : f32) outs(%48 : tensor<10xf32>) -> tensor<10xf32>
    %50 = linalg.generic {indexing_maps = [#map21, #map18], iterator_types = ["parallel", "reduction"]} ins(%47 : tensor<64x10xf32>) outs(%49 : tensor<10xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<10xf32>
    %51 = linalg.generic {indexing_maps = [#map9, #map22, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%47, %arg8 : tensor<64x10xf32>, tensor<128x10xf32>) outs(%20 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x128xf32>
    %52 = tensor.empty() : tensor<128x10xf32>
    %53 = linalg.fill ins(%cst_4 : f32) outs(%52 : tensor<128x10xf32>) -> tensor<128x10xf32>
    %54 = linalg.generic {indexing_maps = [#map23, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%24, %47 : tensor<64x128xf32>, tensor<64x10xf32>) outs(%53 : tensor<128x10xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<128x10xf32>
    %55 = linalg.generic {indexing_maps = [#map16, #map17, #map16, #map16, #map16], iterator_types = ["parallel", "parallel"]} ins(%21, %arg7, %23, %51 : tensor<64x128xf32>, tensor<128xf32>, tensor<64x128xi8>, tensor<64x128xf32>) outs(%19 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: i8, %in_9: f32, %out: f32):
      %92 = arith.trunci %in_8 : i8 to i1
      %93 = arith.select %92, %in_9, %cst_4 : f32
      %94 = arith.mulf %93, %cst_0 : f32
      %95 = arith.addf %in, %in_7 : f32
      %96 = arith.cmpf olt, %cst_4, %95 : f32
      %97 = arith.select %96, %94, %cst_4 : f32
      linalg.yield %97 : f32
    } -> tensor<64x128xf32>
    %56 = tensor.empty() : tensor<128xf32>
    %57 = linalg.fill ins(%cst_4 : f32) outs(%56 : tensor<128xf32>) -> tensor<128xf32>
    %58 = linalg.generic {indexing_maps = [#map21, #map18], iterator_types = ["parallel", "reduction"]} ins(%55 : tensor<64x128xf32>) outs(%57 : tensor<128xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<128xf32>
    %59 = tensor.empty() : tensor<64x3136xf32>
    %60 = linalg.fill ins(%cst_4 : f32) outs(%59 : tensor<64x3136xf32>) -> tensor<64x3136xf32>
    %61 = linalg.generic {indexing_maps = [#map9, #map22, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%55, %arg6 : tensor<64x128xf32>, tensor<3136x128xf32>) outs(%60 : tensor<64x3136xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x3136xf32>
    %62 = tensor.empty() : tensor<3136x128xf32>
    %63 = linalg.fill ins(%cst_4 : f32) outs(%62 : tensor<3136x128xf32>) -> tensor<3136x128xf32>
    %64 = linalg.generic {indexing_maps = [#map23, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed, %55 : tensor<64x3136xf32>, tensor<64x128xf32>) outs(%63 : tensor<3136x128xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<3136x128xf32>
    %expanded = tensor.expand_shape %61 [[0], [1, 2, 3]] output_shape [64, 64, 7, 7] : tensor<64x3136xf32> into tensor<64x64x7x7xf32>
    %65 = tensor.empty() : tensor<64x64x7x7xi32>
    %66 = linalg.fill ins(%c0_i32 : i32) outs(%65 : tensor<64x64x7x7xi32>) -> tensor<64x64x7x7xi32>
    %67:2 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%15, %arg5, %8 : tensor<64x64x14x14xf32>, tensor<64xf32>, tensor<2x2xi8>) outs(%17, %66 : tensor<64x64x7x7xf32>, tensor<64x64x7x7xi32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: i8, %out: f32, %out_9: i32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf ogt, %cst_4, %92 : f32
      %94 = arith.select %93, %cst_4, %92 : f32
      %95 = arith.cmpf ogt, %94, %out : f32
      %96 = arith.select %95, %94, %out : f32
      %97 = linalg.index 5 : index
      %98 = arith.index_cast %97 : index to i32
      %99 = linalg.index 4 : index
      %100 = arith.index_cast %99 : index to i32
      %101 = arith.muli %100, %c2_i32 : i32
      %102 = arith.addi %101, %98 : i32
      %103 = arith.select %95, %102, %out_9 : i32
      linalg.yield %96, %103 : f32, i32
    } -> (tensor<64x64x7x7xf32>, tensor<64x64x7x7xi32>)
    %68 = tensor.empty() : tensor<64x64x7x2x7x2xf32>
    %69 = linalg.generic {indexing_maps = [#map24, #map24, #map25], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %67#1 : tensor<64x64x7x7xf32>, tensor<64x64x7x7xi32>) outs(%68 : tensor<64x64x7x2x7x2xf32>) {
    ^bb0(%in: f32, %in_7: i32, %out: f32):
      %92 = linalg.index 5 : index
      %93 = arith.index_cast %92 : index to i32
      %94 = linalg.index 3 : index
      %95 = arith.index_cast %94 : index to i32
      %96 = arith.muli %95, %c2_i32 : i32
      %97 = arith.addi %96, %93 : i32
      %98 = arith.cmpi eq, %in_7, %97 : i32
      %99 = arith.select %98, %in, %cst_4 : f32
      linalg.yield %99 : f32
    } -> tensor<64x64x7x2x7x2xf32>
    %collapsed_5 = tensor.collapse_shape %69 [[0], [1], [2, 3], [4, 5]] : tensor<64x64x7x2x7x2xf32> into tensor<64x64x14x14xf32>
    %70 = linalg.generic {indexing_maps = [#map, #map26, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %arg5, %collapsed_5 : tensor<64x64x14x14xf32>, tensor<64xf32>, tensor<64x64x14x14xf32>) outs(%13 : tensor<64x64x14x14xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: f32, %out: f32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf olt, %cst_4, %92 : f32
      %94 = arith.select %93, %in_8, %cst_4 : f32
      linalg.yield %94 : f32
    } -> tensor<64x64x14x14xf32>
    %71 = linalg.generic {indexing_maps = [#map27, #map28], iterator_types = ["parallel", "reduction", "reduction", "reduction"]} ins(%70 : tensor<64x64x14x14xf32>) outs(%33 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<64xf32>
    %72 = tensor.empty() : tensor<64x64x16x16xf32>
    %73 = linalg.fill ins(%cst_4 : f32) outs(%72 : tensor<64x64x16x16xf32>) -> tensor<64x64x16x16xf32>
    %74 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%70 : tensor<64x64x14x14xf32>) outs(%73 : tensor<64x64x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x64x16x16xf32>
    %75 = linalg.fill ins(%cst_4 : f32) outs(%6 : tensor<64x32x14x14xf32>) -> tensor<64x32x14x14xf32>
    %76 = linalg.generic {indexing_maps = [#map29, #map30, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%74, %arg4 : tensor<64x64x16x16xf32>, tensor<64x32x3x3xf32>) outs(%75 : tensor<64x32x14x14xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x32x14x14xf32>
    %77 = tensor.empty() : tensor<64x32x3x3xf32>
    %78 = linalg.fill ins(%cst_4 : f32) outs(%77 : tensor<64x32x3x3xf32>) -> tensor<64x32x3x3xf32>
    %79 = linalg.generic {indexing_maps = [#map31, #map32, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%12, %70 : tensor<64x32x16x16xf32>, tensor<64x64x14x14xf32>) outs(%78 : tensor<64x32x3x3xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<64x32x3x3xf32>
    %80 = tensor.empty() : tensor<64x32x14x14xi32>
    %81 = linalg.fill ins(%c0_i32 : i32) outs(%80 : tensor<64x32x14x14xi32>) -> tensor<64x32x14x14xi32>
    %82:2 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%5, %arg3, %8 : tensor<64x32x28x28xf32>, tensor<32xf32>, tensor<2x2xi8>) outs(%7, %81 : tensor<64x32x14x14xf32>, tensor<64x32x14x14xi32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: i8, %out: f32, %out_9: i32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf ogt, %cst_4, %92 : f32
      %94 = arith.select %93, %cst_4, %92 : f32
      %95 = arith.cmpf ogt, %94, %out : f32
      %96 = arith.select %95, %94, %out : f32
      %97 = linalg.index 5 : index
      %98 = arith.index_cast %97 : index to i32
      %99 = linalg.index 4 : index
      %100 = arith.index_cast %99 : index to i32
      %101 = arith.muli %100, %c2_i32 : i32
      %102 = arith.addi %101, %98 : i32
      %103 = arith.select %95, %102, %out_9 : i32
      linalg.yield %96, %103 : f32, i32
    } -> (tensor<64x32x14x14xf32>, tensor<64x32x14x14xi32>)
    %83 = tensor.empty() : tensor<64x32x14x2x14x2xf32>
    %84 = linalg.generic {indexing_maps = [#map24, #map24, #map25], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%76, %82#1 : tensor<64x32x14x14xf32>, tensor<64x32x14x14xi32>) outs(%83 : tensor<64x32x14x2x14x2xf32>) {
    ^bb0(%in: f32, %in_7: i32, %out: f32):
      %92 = linalg.index 5 : index
      %93 = arith.index_cast %92 : index to i32
      %94 = linalg.index 3 : index
      %95 = arith.index_cast %94 : index to i32
      %96 = arith.muli %95, %c2_i32 : i32
      %97 = arith.addi %96, %93 : i32
      %98 = arith.cmpi eq, %in_7, %97 : i32
      %99 = arith.select %98, %in, %cst_4 : f32
      linalg.yield %99 : f32
    } -> tensor<64x32x14x2x14x2xf32>
    %collapsed_6 = tensor.collapse_shape %84 [[0], [1], [2, 3], [4, 5]] : tensor<64x32x14x2x14x2xf32> into tensor<64x32x28x28xf32>
    %85 = linalg.generic {indexing_maps = [#map, #map26, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%5, %arg3, %collapsed_6 : tensor<64x32x28x28xf32>, tensor<32xf32>, tensor<64x32x28x28xf32>) outs(%3 : tensor<64x32x28x28xf32>) {
    ^bb0(%in: f32, %in_7: f32, %in_8: f32, %out: f32):
      %92 = arith.addf %in, %in_7 : f32
      %93 = arith.cmpf olt, %cst_4, %92 : f32
      %94 = arith.select %93, %in_8, %cst_4 : f32
      linalg.yield %94 : f32
    } -> tensor<64x32x28x28xf32>
    %86 = tensor.empty() : tensor<32xf32>
    %87 = linalg.fill ins(%cst_4 : f32) outs(%86 : tensor<32xf32>) -> tensor<32xf32>
    %88 = linalg.generic {indexing_maps = [#map27, #map28], iterator_types = ["parallel", "reduction", "reduction", "reduction"]} ins(%85 : tensor<64x32x28x28xf32>) outs(%87 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %92 = arith.addf %out, %in : f32
      linalg.yield %92 : f32
    } -> tensor<32xf32>
    %89 = tensor.empty() : tensor<32x1x3x3xf32>
    %90 = linalg.fill ins(%cst_4 : f32) outs(%89 : tensor<32x1x3x3xf32>) -> tensor<32x1x3x3xf32>
    %91 = linalg.generic {indexing_maps = [#map31, #map32, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%2, %85 : tensor<64x1x30x30xf32>, tensor<64x32x28x28xf32>) outs(%90 : tensor<32x1x3x3xf32>) {
    ^bb0(%in: f32, %in_7: f32, %out: f32):
      %92 = arith.mulf %in, %in_7 : f32
      %93 = arith.addf %out, %92 : f32
      linalg.yield %93 : f32
    } -> tensor<32x1x3x3xf32>
    return %28, %39, %43, %91, %88, %79, %71, %64, %58, %54, %50 : tensor<64x10xf32>, tensor<f32>, tensor<f32>, tensor<32x1x3x3xf32>, tensor<32xf32>, tensor<64x32x3x3xf32>, tensor<64xf32>, tensor<3136x128xf32>, tensor<128xf32>, tensor<128x10xf32>, tensor<10xf32>
  }
  func.func @evaluate(%arg0: tensor<64x1x28x28xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "image"}, %arg1: tensor<64xi32> {nn.index = 1 : i64, nn.kind = "input", nn.name = "label"}, %arg2: tensor<32x1x3x3xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "conv_1.weight"}, %arg3: tensor<32xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "conv_1.bias"}, %arg4: tensor<64x32x3x3xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "conv_2.weight"}, %arg5: tensor<64xf32> {nn.index = 3 : i64, nn.kind = "param", nn.name = "conv_2.bias"}, %arg6: tensor<3136x128xf32> {nn.index = 4 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg7: tensor<128xf32> {nn.index = 5 : i64, nn.kind = "param", nn.name = "dense_1.bias"}, %arg8: tensor<128x10xf32> {nn.index = 6 : i64, nn.kind = "param", nn.name = "dense_2.weight"}, %arg9: tensor<10xf32> {nn.index = 7 : i64, nn.kind = "param", nn.name = "dense_2.bias"}, %arg10: tensor<64xf32> {nn.index = 0 : i64, nn.kind = "sample_weight", nn.name = "sample_weight"}) -> (tensor<64x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "logits"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "loss", nn.name = "loss"}, tensor<f32> {nn.index = 0 : i64, nn.kind = "metric", nn.name = "accuracy"}) {
    %c0_i32 = arith.constant 0 : i32
    %cst = arith.constant 1.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<64x1x30x30xf32>
    %1 = linalg.fill ins(%cst_1 : f32) outs(%0 : tensor<64x1x30x30xf32>) -> tensor<64x1x30x30xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<64x1x28x28xf32>) outs(%1 : tensor<64x1x30x30xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x1x30x30xf32>
    %3 = tensor.empty() : tensor<64x32x28x28xf32>
    %4 = linalg.fill ins(%cst_1 : f32) outs(%3 : tensor<64x32x28x28xf32>) -> tensor<64x32x28x28xf32>
    %5 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%2, %arg2 : tensor<64x1x30x30xf32>, tensor<32x1x3x3xf32>) outs(%4 : tensor<64x32x28x28xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.mulf %in, %in_2 : f32
      %42 = arith.addf %out, %41 : f32
      linalg.yield %42 : f32
    } -> tensor<64x32x28x28xf32>
    %6 = tensor.empty() : tensor<64x32x14x14xf32>
    %7 = linalg.fill ins(%cst_0 : f32) outs(%6 : tensor<64x32x14x14xf32>) -> tensor<64x32x14x14xf32>
    %8 = tensor.empty() : tensor<2x2xi8>
    %9 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%5, %arg3, %8 : tensor<64x32x28x28xf32>, tensor<32xf32>, tensor<2x2xi8>) outs(%7 : tensor<64x32x14x14xf32>) {
    ^bb0(%in: f32, %in_2: f32, %in_3: i8, %out: f32):
      %41 = arith.addf %in, %in_2 : f32
      %42 = arith.cmpf ogt, %cst_1, %41 : f32
      %43 = arith.select %42, %cst_1, %41 : f32
      %44 = arith.cmpf ogt, %43, %out : f32
      %45 = arith.select %44, %43, %out : f32
      linalg.yield %45 : f32
    } -> tensor<64x32x14x14xf32>
    %10 = tensor.empty() : tensor<64x32x16x16xf32>
    %11 = linalg.fill ins(%cst_1 : f32) outs(%10 : tensor<64x32x16x16xf32>) -> tensor<64x32x16x16xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<64x32x14x14xf32>) outs(%11 : tensor<64x32x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x32x16x16xf32>
    %13 = tensor.empty() : tensor<64x64x14x14xf32>
    %14 = linalg.fill ins(%cst_1 : f32) outs(%13 : tensor<64x64x14x14xf32>) -> tensor<64x64x14x14xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%12, %arg4 : tensor<64x32x16x16xf32>, tensor<64x32x3x3xf32>) outs(%14 : tensor<64x64x14x14xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.mulf %in, %in_2 : f32
      %42 = arith.addf %out, %41 : f32
      linalg.yield %42 : f32
    } -> tensor<64x64x14x14xf32>
    %16 = tensor.empty() : tensor<64x64x7x7xf32>
    %17 = linalg.fill ins(%cst_0 : f32) outs(%16 : tensor<64x64x7x7xf32>) -> tensor<64x64x7x7xf32>
    %18 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%15, %arg5, %8 : tensor<64x64x14x14xf32>, tensor<64xf32>, tensor<2x2xi8>) outs(%17 : tensor<64x64x7x7xf32>) {
    ^bb0(%in: f32, %in_2: f32, %in_3: i8, %out: f32):
      %41 = arith.addf %in, %in_2 : f32
      %42 = arith.cmpf ogt, %cst_1, %41 : f32
      %43 = arith.select %42, %cst_1, %41 : f32
      %44 = arith.cmpf ogt, %43, %out : f32
      %45 = arith.select %44, %43, %out : f32
      linalg.yield %45 : f32
    } -> tensor<64x64x7x7xf32>
    %collapsed = tensor.collapse_shape %18 [[0], [1, 2, 3]] : tensor<64x64x7x7xf32> into tensor<64x3136xf32>
    %19 = tensor.empty() : tensor<64x128xf32>
    %20 = linalg.fill ins(%cst_1 : f32) outs(%19 : tensor<64x128xf32>) -> tensor<64x128xf32>
    %21 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed, %arg6 : tensor<64x3136xf32>, tensor<3136x128xf32>) outs(%20 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.mulf %in, %in_2 : f32
      %42 = arith.addf %out, %41 : f32
      linalg.yield %42 : f32
    } -> tensor<64x128xf32>
    %22 = linalg.generic {indexing_maps = [#map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%21, %arg7 : tensor<64x128xf32>, tensor<128xf32>) outs(%19 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.addf %in, %in_2 : f32
      %42 = arith.cmpf ogt, %cst_1, %41 : f32
      %43 = arith.select %42, %cst_1, %41 : f32
      linalg.yield %43 : f32
    } -> tensor<64x128xf32>
    %23 = tensor.empty() : tensor<64x10xf32>
    %24 = linalg.fill ins(%cst_1 : f32) outs(%23 : tensor<64x10xf32>) -> tensor<64x10xf32>
    %25 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%22, %arg8 : tensor<64x128xf32>, tensor<128x10xf32>) outs(%24 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.mulf %in, %in_2 : f32
      %42 = arith.addf %out, %41 : f32
      linalg.yield %42 : f32
    } -> tensor<64x10xf32>
    %26 = linalg.generic {indexing_maps = [#map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%25, %arg9 : tensor<64x10xf32>, tensor<10xf32>) outs(%23 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.addf %in, %in_2 : f32
      linalg.yield %41 : f32
    } -> tensor<64x10xf32>
    %27 = tensor.empty() : tensor<64xf32>
    %28 = linalg.fill ins(%cst_0 : f32) outs(%27 : tensor<64xf32>) -> tensor<64xf32>
    %29 = linalg.generic {indexing_maps = [#map16, #map18], iterator_types = ["parallel", "reduction"]} ins(%26 : tensor<64x10xf32>) outs(%28 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %41 = arith.maximumf %out, %in : f32
      linalg.yield %41 : f32
    } -> tensor<64xf32>
    %30 = linalg.fill ins(%cst_1 : f32) outs(%27 : tensor<64xf32>) -> tensor<64xf32>
    %31 = linalg.generic {indexing_maps = [#map16, #map18, #map18], iterator_types = ["parallel", "reduction"]} ins(%26, %29 : tensor<64x10xf32>, tensor<64xf32>) outs(%30 : tensor<64xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.subf %in, %in_2 : f32
      %42 = math.exp %41 : f32
      %43 = arith.addf %out, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<64xf32>
    %32 = linalg.generic {indexing_maps = [#map19, #map19], iterator_types = ["parallel"]} ins(%31 : tensor<64xf32>) outs(%27 : tensor<64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %41 = math.log %in : f32
      linalg.yield %41 : f32
    } -> tensor<64xf32>
    %33 = linalg.generic {indexing_maps = [#map16, #map18, #map18, #map18, #map18], iterator_types = ["parallel", "reduction"]} ins(%26, %29, %32, %arg1 : tensor<64x10xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xi32>) outs(%30 : tensor<64xf32>) {
    ^bb0(%in: f32, %in_2: f32, %in_3: f32, %in_4: i32, %out: f32):
      %41 = linalg.index 1 : index
      %42 = arith.index_cast %41 : index to i32
      %43 = arith.cmpi eq, %42, %in_4 : i32
      %44 = arith.select %43, %cst, %cst_1 : f32
      %45 = arith.subf %in, %in_2 : f32
      %46 = arith.subf %45, %in_3 : f32
      %47 = arith.mulf %46, %44 : f32
      %48 = arith.addf %out, %47 : f32
      linalg.yield %48 : f32
    } -> tensor<64xf32>
    %34 = tensor.empty() : tensor<f32>
    %35 = linalg.fill ins(%cst_1 : f32) outs(%34 : tensor<f32>) -> tensor<f32>
    %36 = linalg.generic {indexing_maps = [#map19, #map19, #map20], iterator_types = ["reduction"]} ins(%33, %arg10 : tensor<64xf32>, tensor<64xf32>) outs(%35 : tensor<f32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %41 = arith.negf %in : f32
      %42 = arith.mulf %41, %in_2 : f32
      %43 = arith.addf %out, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<f32>
    %37 = tensor.empty() : tensor<64xi32>
    %38 = linalg.fill ins(%c0_i32 : i32) outs(%37 : tensor<64xi32>) -> tensor<64xi32>
    %39:2 = linalg.generic {indexing_maps = [#map16, #map18, #map18], iterator_types = ["parallel", "reduction"]} ins(%26 : tensor<64x10xf32>) outs(%28, %38 : tensor<64xf32>, tensor<64xi32>) {
    ^bb0(%in: f32, %out: f32, %out_2: i32):
      %41 = linalg.index 1 : index
      %42 = arith.index_cast %41 : index to i32
      %43 = arith.cmpf ogt, %in, %out : f32
      %44 = arith.select %43, %in, %out : f32
      %45 = arith.select %43, %42, %out_2 : i32
      linalg.yield %44, %45 : f32, i32
    } -> (tensor<64xf32>, tensor<64xi32>)
    %40 = linalg.generic {indexing_maps = [#map19, #map19, #map19, #map20], iterator_types = ["reduction"]} ins(%39#1, %arg1, %arg10 : tensor<64xi32>, tensor<64xi32>, tensor<64xf32>) outs(%35 : tensor<f32>) {
    ^bb0(%in: i32, %in_2: i32, %in_3: f32, %out: f32):
      %41 = arith.cmpi eq, %in, %in_2 : i32
      %42 = arith.select %41, %cst, %cst_1 : f32
      %43 = arith.mulf %42, %in_3 : f32
      %44 = arith.addf %out, %43 : f32
      linalg.yield %44 : f32
    } -> tensor<f32>
    return %26, %36, %40 : tensor<64x10xf32>, tensor<f32>, tensor<f32>
  }
  func.func @infer(%arg0: tensor<64x1x28x28xf32> {nn.index = 0 : i64, nn.kind = "input", nn.name = "image"}, %arg1: tensor<32x1x3x3xf32> {nn.index = 0 : i64, nn.kind = "param", nn.name = "conv_1.weight"}, %arg2: tensor<32xf32> {nn.index = 1 : i64, nn.kind = "param", nn.name = "conv_1.bias"}, %arg3: tensor<64x32x3x3xf32> {nn.index = 2 : i64, nn.kind = "param", nn.name = "conv_2.weight"}, %arg4: tensor<64xf32> {nn.index = 3 : i64, nn.kind = "param", nn.name = "conv_2.bias"}, %arg5: tensor<3136x128xf32> {nn.index = 4 : i64, nn.kind = "param", nn.name = "dense_1.weight"}, %arg6: tensor<128xf32> {nn.index = 5 : i64, nn.kind = "param", nn.name = "dense_1.bias"}, %arg7: tensor<128x10xf32> {nn.index = 6 : i64, nn.kind = "param", nn.name = "dense_2.weight"}, %arg8: tensor<10xf32> {nn.index = 7 : i64, nn.kind = "param", nn.name = "dense_2.bias"}) -> (tensor<64x10xf32> {nn.index = 0 : i64, nn.kind = "output", nn.name = "logits"}) {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<64x1x30x30xf32>
    %1 = linalg.fill ins(%cst_0 : f32) outs(%0 : tensor<64x1x30x30xf32>) -> tensor<64x1x30x30xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<64x1x28x28xf32>) outs(%1 : tensor<64x1x30x30xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x1x30x30xf32>
    %3 = tensor.empty() : tensor<64x32x28x28xf32>
    %4 = linalg.fill ins(%cst_0 : f32) outs(%3 : tensor<64x32x28x28xf32>) -> tensor<64x32x28x28xf32>
    %5 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%2, %arg1 : tensor<64x1x30x30xf32>, tensor<32x1x3x3xf32>) outs(%4 : tensor<64x32x28x28xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.mulf %in, %in_1 : f32
      %28 = arith.addf %out, %27 : f32
      linalg.yield %28 : f32
    } -> tensor<64x32x28x28xf32>
    %6 = tensor.empty() : tensor<64x32x14x14xf32>
    %7 = linalg.fill ins(%cst : f32) outs(%6 : tensor<64x32x14x14xf32>) -> tensor<64x32x14x14xf32>
    %8 = tensor.empty() : tensor<2x2xi8>
    %9 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%5, %arg2, %8 : tensor<64x32x28x28xf32>, tensor<32xf32>, tensor<2x2xi8>) outs(%7 : tensor<64x32x14x14xf32>) {
    ^bb0(%in: f32, %in_1: f32, %in_2: i8, %out: f32):
      %27 = arith.addf %in, %in_1 : f32
      %28 = arith.cmpf ogt, %cst_0, %27 : f32
      %29 = arith.select %28, %cst_0, %27 : f32
      %30 = arith.cmpf ogt, %29, %out : f32
      %31 = arith.select %30, %29, %out : f32
      linalg.yield %31 : f32
    } -> tensor<64x32x14x14xf32>
    %10 = tensor.empty() : tensor<64x32x16x16xf32>
    %11 = linalg.fill ins(%cst_0 : f32) outs(%10 : tensor<64x32x16x16xf32>) -> tensor<64x32x16x16xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<64x32x14x14xf32>) outs(%11 : tensor<64x32x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<64x32x16x16xf32>
    %13 = tensor.empty() : tensor<64x64x14x14xf32>
    %14 = linalg.fill ins(%cst_0 : f32) outs(%13 : tensor<64x64x14x14xf32>) -> tensor<64x64x14x14xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%12, %arg3 : tensor<64x32x16x16xf32>, tensor<64x32x3x3xf32>) outs(%14 : tensor<64x64x14x14xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.mulf %in, %in_1 : f32
      %28 = arith.addf %out, %27 : f32
      linalg.yield %28 : f32
    } -> tensor<64x64x14x14xf32>
    %16 = tensor.empty() : tensor<64x64x7x7xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<64x64x7x7xf32>) -> tensor<64x64x7x7xf32>
    %18 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%15, %arg4, %8 : tensor<64x64x14x14xf32>, tensor<64xf32>, tensor<2x2xi8>) outs(%17 : tensor<64x64x7x7xf32>) {
    ^bb0(%in: f32, %in_1: f32, %in_2: i8, %out: f32):
      %27 = arith.addf %in, %in_1 : f32
      %28 = arith.cmpf ogt, %cst_0, %27 : f32
      %29 = arith.select %28, %cst_0, %27 : f32
      %30 = arith.cmpf ogt, %29, %out : f32
      %31 = arith.select %30, %29, %out : f32
      linalg.yield %31 : f32
    } -> tensor<64x64x7x7xf32>
    %collapsed = tensor.collapse_shape %18 [[0], [1, 2, 3]] : tensor<64x64x7x7xf32> into tensor<64x3136xf32>
    %19 = tensor.empty() : tensor<64x128xf32>
    %20 = linalg.fill ins(%cst_0 : f32) outs(%19 : tensor<64x128xf32>) -> tensor<64x128xf32>
    %21 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed, %arg5 : tensor<64x3136xf32>, tensor<3136x128xf32>) outs(%20 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.mulf %in, %in_1 : f32
      %28 = arith.addf %out, %27 : f32
      linalg.yield %28 : f32
    } -> tensor<64x128xf32>
    %22 = linalg.generic {indexing_maps = [#map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%21, %arg6 : tensor<64x128xf32>, tensor<128xf32>) outs(%19 : tensor<64x128xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.addf %in, %in_1 : f32
      %28 = arith.cmpf ogt, %cst_0, %27 : f32
      %29 = arith.select %28, %cst_0, %27 : f32
      linalg.yield %29 : f32
    } -> tensor<64x128xf32>
    %23 = tensor.empty() : tensor<64x10xf32>
    %24 = linalg.fill ins(%cst_0 : f32) outs(%23 : tensor<64x10xf32>) -> tensor<64x10xf32>
    %25 = linalg.generic {indexing_maps = [#map9, #map10, #map11], iterator_types = ["parallel", "parallel", "reduction"]} ins(%22, %arg7 : tensor<64x128xf32>, tensor<128x10xf32>) outs(%24 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.mulf %in, %in_1 : f32
      %28 = arith.addf %out, %27 : f32
      linalg.yield %28 : f32
    } -> tensor<64x10xf32>
    %26 = linalg.generic {indexing_maps = [#map16, #map17, #map16], iterator_types = ["parallel", "parallel"]} ins(%25, %arg8 : tensor<64x10xf32>, tensor<10xf32>) outs(%23 : tensor<64x10xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %27 = arith.addf %in, %in_1 : f32
      linalg.yield %27 : f32
    } -> tensor<64x10xf32>
    return %26 : tensor<64x10xf32>
  }
  func.func @update(%arg0: tensor<421648xf32> {nn.index = 0 : i64, nn.kind = "weight", nn.name = "weight"}, %arg1: tensor<421648xf32> {nn.index = 0 : i64, nn.kind = "gradient", nn.name = "gradient"}, %arg2: tensor<421648xf32> {nn.index = 0 : i64, nn.kind = "slot", nn.name = "v"}, %arg3: tensor<f64> {nn.index = 0 : i64, nn.kind = "setting", nn.name = "lr"}, %arg4: tensor<f64> {nn.index = 1 : i64, nn.kind = "setting", nn.name = "lr.warmup"}, %arg5: tensor<f64> {nn.index = 2 : i64, nn.kind = "setting", nn.name = "lr.floor_value"}, %arg6: tensor<f64> {nn.index = 3 : i64, nn.kind = "setting", nn.name = "mu"}, %arg7: tensor<f64> {nn.index = 4 : i64, nn.kind = "setting", nn.name = "weight_decay"}, %arg8: tensor<f64> {nn.index = 0 : i64, nn.kind = "step", nn.name = "step"}, %arg9: tensor<f64> {nn.index = 0 : i64, nn.kind = "total_steps", nn.name = "total_steps"}) -> (tensor<421648xf32> {nn.index = 0 : i64, nn.kind = "weight", nn.name = "weight"}, tensor<421648xf32> {nn.index = 0 : i64, nn.kind = "slot", nn.name = "v"}, tensor<f64> {nn.index = 0 : i64, nn.kind = "rate", nn.name = "rate"}) {
    %cst = arith.constant 3.1415926535897931 : f64
    %cst_0 = arith.constant 5.000000e-01 : f64
    %cst_1 = arith.constant 0.000000e+00 : f64
    %cst_2 = arith.constant 1.000000e+00 : f64
    %0 = tensor.empty() : tensor<f64>
    %1 = tensor.empty() : tensor<f32>
    %2 = tensor.empty() : tensor<421648xf32>
    %3:2 = linalg.generic {indexing_maps = [#map33, #map33, #map33, #map33, #map33, #map33, #map33], iterator_types = []} ins(%arg5, %arg3, %arg8, %arg4, %arg9 : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>) outs(%0, %1 : tensor<f64>, tensor<f32>) {
    ^bb0(%in: f64, %in_3: f64, %in_4: f64, %in_5: f64, %in_6: f64, %out: f64, %out_7: f32):
      %5 = arith.cmpf ogt, %cst_2, %in_5 : f64
      %6 = arith.select %5, %cst_2, %in_5 : f64
      %7 = arith.divf %in_4, %6 : f64
      %8 = arith.cmpf olt, %7, %cst_2 : f64
      %9 = arith.select %8, %7, %cst_2 : f64
      %10 = arith.subf %in_6, %in_5 : f64
      %11 = arith.cmpf ogt, %10, %cst_2 : f64
      %12 = arith.select %11, %10, %cst_2 : f64
      %13 = arith.subf %in_4, %cst_2 : f64
      %14 = arith.subf %13, %in_5 : f64
      %15 = arith.cmpf ogt, %14, %cst_1 : f64
      %16 = arith.select %15, %14, %cst_1 : f64
      %17 = arith.divf %16, %12 : f64
      %18 = arith.cmpf olt, %17, %cst_2 : f64
      %19 = arith.select %18, %17, %cst_2 : f64
      %20 = arith.mulf %19, %cst : f64
      %21 = math.cos %20 : f64
      %22 = arith.addf %21, %cst_2 : f64
      %23 = arith.subf %in_3, %in : f64
      %24 = arith.mulf %23, %cst_0 : f64
      %25 = arith.mulf %24, %22 : f64
      %26 = arith.addf %in, %25 : f64
      %27 = arith.mulf %26, %9 : f64
      %28 = arith.truncf %27 : f64 to f32
      linalg.yield %27, %28 : f64, f32
    } -> (tensor<f64>, tensor<f32>)
    %4:2 = linalg.generic {indexing_maps = [#map19, #map20, #map20, #map19, #map19, #map20, #map19, #map19], iterator_types = ["parallel"]} ins(%arg0, %3#1, %arg6, %arg2, %arg1, %arg7 : tensor<421648xf32>, tensor<f32>, tensor<f64>, tensor<421648xf32>, tensor<421648xf32>, tensor<f64>) outs(%2, %2 : tensor<421648xf32>, tensor<421648xf32>) {
    ^bb0(%in: f32, %in_3: f32, %in_4: f64, %in_5: f32, %in_6: f32, %in_7: f64, %out: f32, %out_8: f32):
      %5 = arith.truncf %in_7 : f64 to f32
      %6 = arith.mulf %5, %in : f32
      %7 = arith.addf %in_6, %6 : f32
      %8 = arith.truncf %in_4 : f64 to f32
      %9 = arith.mulf %8, %in_5 : f32
      %10 = arith.addf %9, %7 : f32
      %11 = arith.mulf %in_3, %10 : f32
      %12 = arith.subf %in, %11 : f32
      linalg.yield %10, %12 : f32, f32
    } -> (tensor<421648xf32>, tensor<421648xf32>)
    return %4#1, %4#0, %3#0 : tensor<421648xf32>, tensor<421648xf32>, tensor<f64>
  }
}

{-#
  external_resources: {
    mlir_reproducer: {
      pipeline: "builtin.module(dlc-place, dlc-kernels, dlc-entries, func.func(unknown<dlc::lower::{anonymous}::MathPass>), canonicalize{  max-iterations=10 max-num-rewrites=-1 region-simplify=normal test-convergence=false top-down=true}, cse, convert-scf-to-cf{allow-pattern-rollback=true}, func.func(convert-math-to-llvm{approximate-log1p=true}), convert-math-to-libm, convert-vector-to-llvm{enable-amx=false enable-arm-bf16=false enable-arm-i8mm=false enable-arm-neon=false enable-arm-sve=false enable-x86vector=false force-32bit-vector-indices=true reassociate-fp-reductions=false use-vector-alignment=false vector-contract-lowering=dot vector-transpose-lowering=eltwise}, expand-strided-metadata, finalize-memref-to-llvm{index-bitwidth=0 use-aligned-alloc=false use-generic-functions=false}, convert-func-to-llvm{index-bitwidth=0 use-bare-ptr-memref-call-conv=true}, convert-arith-to-llvm{index-bitwidth=0}, convert-cf-to-llvm{index-bitwidth=0}, reconcile-unrealized-casts)",
      disable_threading: true,
      verify_each: true
    }
  }
#-}
