# How lit runs the tests of this folder: `lit test` in the project, or ninja's `check`. The build
# folder is `build` unless DLC_BUILD names another.
import os
import shutil
import subprocess

import lit.formats

source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.path.abspath(os.environ.get("DLC_BUILD", os.path.join(source, "build")))
llvm = os.environ.get("DLC_LLVM_BIN", "/usr/lib/llvm-22/bin")  # FileCheck, not, split-file

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".py"]  # wrong programs (.nn) are run by lang_test
config.excludes = ["inputs", "lit.cfg.py", "dlc.py", "faults"]  # dlc.py: what the end-to-end tests share
config.test_source_root = os.path.join(source, "test")
config.test_exec_root = os.path.join(build, "test")
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "--dump-input=fail"
config.environment["DLC_BUILD"] = build
config.substitutions.append(("%source", source))

# The python that Debian's packages belong to.
python = "/usr/bin/python3"
config.substitutions.append(("%python", python))

# Tests of what is not built say so instead of failing.
for program in ["dlc", "dlc-opt", "dlc-test"]:
    if os.path.exists(os.path.join(build, "bin", program)):
        config.available_features.add(program)

# The levels of x86-64 that this processor runs, by what is new in each.
with open("/proc/cpuinfo") as cpuinfo:
    flags = set(next((line for line in cpuinfo if line.startswith("flags")), "").split())
for level, feature in [("x86-64-v2", "sse4_2"), ("x86-64-v3", "avx2"), ("x86-64-v4", "avx512f")]:
    if feature in flags:
        config.available_features.add(level)

if shutil.which("clang-format-22"):
    config.available_features.add("clang-format")

# Oracles and data from Debian packages; the README's test command installs them.
if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0:
    config.available_features.add("pytorch")
if os.path.exists("/usr/share/datasets/fashion-mnist"):
    config.available_features.add("fashion-mnist")
