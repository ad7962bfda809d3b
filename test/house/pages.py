# Pages are at most 120 bytes wide, but for tables, and name no file that is not there.
# RUN: %python %s %source
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
files = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
tops = {name.split("/")[0] for name in files if "/" in name}
faults = []
for page in (name for name in files if name.endswith(".md")):
    for number, line in enumerate((root / page).read_text().split("\n"), 1):
        if len(line.encode()) > 120 and not line.startswith("|"):
            faults.append(f"{page}:{number}: {len(line.encode())} bytes")
        for path in re.findall(r"`([\w./-]+)`", line):
            isOurs = path.split("/")[0] in tops and "NAME" not in path
            if isOurs and not list(root.glob(path)) and not list(root.glob(path + ".*")):
                faults.append(f"{page}:{number}: there is no `{path}`")
assert not faults, "\n".join(faults)
