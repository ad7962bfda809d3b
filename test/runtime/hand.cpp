// The hand-written model as a program, for tests of the command line.
#include "test/runtime/hand_model.h"

#include <cstdlib>
#include <string>

// HAND_MODEL chooses: f32 (default), f64, or wrong, which has a wrong gradient in f64.
int main(int argc, char **argv) {
  using namespace dlc::runtime;
  const char *variable = getenv("HAND_MODEL");
  std::string which = variable ? variable : "f32";
  dlc_model model =
      which == "wrong" ? wrongModel(DLC_F64) : handModel(which == "f64" ? DLC_F64 : DLC_F32);
  return dlc_main(&model, argc, argv);
}
