// The hand-written model as a program, for tests of the command line.
#include "test/runtime/hand_model.h"

#include <cstdlib>
#include <string>

// HAND_MODEL chooses: f32 (default), f64, wrong-f32 or wrong-f64.
int main(int argc, char **argv) {
  using namespace dlc::runtime;
  const char *variable = getenv("HAND_MODEL");
  std::string which = variable ? variable : "f32";
  dlc_dtype precision = which.find("f64") != which.npos ? DLC_F64 : DLC_F32;
  bool wrong = which.find("wrong") != which.npos;
  dlc_model model = wrong ? wrongModel(precision) : handModel(precision);
  return dlc_main(&model, argc, argv);
}
