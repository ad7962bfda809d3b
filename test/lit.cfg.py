# How lit runs the tests of this folder: `lit test` in the project, or ninja's `check`. The build
# folder is `build` unless DLC_BUILD names another.
import os

import lit.formats

source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.path.abspath(os.environ.get("DLC_BUILD", os.path.join(source, "build")))
llvm = os.environ.get("DLC_LLVM_BIN", "/usr/lib/llvm-22/bin")  # FileCheck, not, split-file

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]  # wrong programs (.nn) are run by lang_test
config.excludes = ["inputs"]
config.test_source_root = os.path.join(source, "test")
config.test_exec_root = os.path.join(build, "test")
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "--dump-input=fail"
config.substitutions.append(("%source", source))

# Tests of what is not built say so instead of failing.
for program in ["dlc", "dlc-opt", "dlc-test"]:
    if os.path.exists(os.path.join(build, "bin", program)):
        config.available_features.add(program)
