"""The table of stages in compiler/README.md is that of the compiler."""
# RUN: %python %s
import os
import re
import subprocess

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
page = subprocess.run(["dlc", "compile", "--help"], capture_output=True, text=True, check=True).stdout
stages, forms = page.split("stages, in the order they run:")[1].split("other forms of the result:")
text = open(os.path.join(root, "compiler", "README.md")).read()


def names(lines):
    return [line.split()[0] for line in lines.strip().splitlines()]


documented = re.findall(r"^\| `(\w+)` \|", text, re.M)
assert documented == names(stages), f"compiler/README.md has the stages {documented}, dlc {names(stages)}"
for form in names(forms):
    assert f"`{form}`" in text, f"compiler/README.md does not mention `{form}`"
