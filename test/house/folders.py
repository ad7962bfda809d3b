# A folder includes only those of earlier stages: there is no circle between folders. `compiler/tools` and tests
# may include anything.
# RUN: %python %s %source
import os
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])

# Each line may include what stands in lines above it. The runtime and the compiler share the table alone.
TABLE = ["runtime/include/dlc"]
RUNTIME = """
runtime
runtime/format
runtime/data
runtime/state
runtime/commands
""".split()
COMPILER = """
stdlib
lang
lang/syntax
lang/net
lang/check
compiler/target
compiler/passes
compiler/nn
compiler/grad
compiler/interp
compiler/contract
compiler/linalg
compiler/memory
compiler/kernel/nest
compiler/kernel/plan
compiler/kernel/emit
compiler/kernel/rows
compiler/kernel/winograd
compiler/kernel
compiler/llvm
compiler/object
compiler
""".split()

files = subprocess.run(["git", "-C", root, "ls-files", "-c", "-o", "--exclude-standard", "lang", "compiler", "runtime"],
                       capture_output=True, text=True, check=True).stdout.split("\n")
faults = []
for name in files:
    folder = os.path.dirname(name)
    if not re.search(r"\.(c|cpp|h|l|y)$", name) or name.endswith("_test.cpp") or folder == "compiler/tools":
        continue
    order = TABLE + (RUNTIME if name.startswith("runtime/") else COMPILER)
    assert folder in order, f"{name}: {folder} has no place in the order of {__file__}"
    for number, line in enumerate((root / name).read_text().split("\n"), 1):
        match = re.match(r'#include "((?:lang|compiler|stdlib|runtime)/[^"]+)"', line)
        if not match or match[1].endswith("checked.h"):
            continue
        other = os.path.dirname(match[1])
        if other != folder and (other not in order or order.index(other) >= order.index(folder)):
            faults.append(f"{name}:{number}: {folder} comes before {other} and cannot include {match[1]}")
assert not faults, "\n".join(faults)
