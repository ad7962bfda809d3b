// A schedule that is forced runs all nests that it fits; the others' go by cost.
// RUN: dlc-opt %s -dlc-linalg -dlc-bufferize -o - \
// RUN:   -dlc-outline-kernels="force-schedule='0p:64/4 1p:512/32@128 2r:256@64 lanes 16 of 1 packs 1' print-schedules=2" \
// RUN:   2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=PRINT < %t

// CHECK: dlc.schedule = "0p:64/4 1p:512/32@128 2r:256@64 lanes 16 of 1 packs 1 items 4"
// CHECK: dlc.schedule = "0p:32768/

// The forced one is marked, and what it displaces is there, too.
// PRINT:      kernel_0
// PRINT:      {{^\* .*}} 0p:64/4 1p:512/32@128 2r:256@64 lanes 16 of 1 packs 1 items 4
// PRINT-NEXT: {{^  .*}} 0p:64/

// One that fits no nest is a mistake.
// RUN: not dlc-opt %s -dlc-linalg -dlc-bufferize -dlc-outline-kernels="force-schedule='0p:64/4 1r:512'" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NONE
// NONE: no nest has the schedule `0p:64/4 1r:512`

func.func @product(%a: tensor<64x256xf32>, %b: tensor<256x512xf32>, %c: tensor<32768xf32>)
    -> (tensor<64x512xf32>, tensor<32768xf32>) {
  %y = nn.matmul %a, %b : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32>
  %z = nn.exp %c : tensor<32768xf32>
  return %y, %z : tensor<64x512xf32>, tensor<32768xf32>
}
