"""What README.md says works: its model compiles and learns, its commands run, its error is the error."""
# RUN: %python %s
import os
import pathlib
import re
import subprocess

import dlc

text = (dlc.ROOT / "README.md").read_text()
model = re.search(r"```nn\n(.*?)```", text, re.S)[1]
commands = re.search(r"```sh\n(.*?)```", text, re.S)[1].strip().splitlines()
message = re.search(r"```\n(error: .*?)```", text, re.S)[1].strip()
assert len(commands) == 4, commands

with dlc.scratch() as folder:
    path = pathlib.Path(folder) / "xor.nn"
    path.write_text(model)
    environment = dict(os.environ, PATH=f"{dlc.DLC.parent}:{os.environ['PATH']}")
    for command in commands:
        print("$", command)
        output = dlc.run("sh", "-c", command, cwd=folder, env=environment)
        print(output)
        if "eval" in command and "binary_accuracy 1" not in output.replace("=", " ").replace(":", " "):
            raise SystemExit(f"XOR was not learned:\n{output}")
    path.write_text(model.replace("dense(1)", "dens(1)"))
    wrong = subprocess.run([dlc.DLC, "check", path], capture_output=True, text=True)
    for words in (message, "^~~~", "did you mean `dense`?"):
        if wrong.returncode != 1 or words not in wrong.stderr:
            raise SystemExit(f"README promises `{words}`, dlc says (exit code {wrong.returncode}):\n{wrong.stderr}")
    dlc.run(dlc.DLC, "new", "started", cwd=folder)
    dlc.run(dlc.DLC, "compile", "started.nn", cwd=f"{folder}/started")
    dlc.run("./started", "train", "--epochs", "2", cwd=f"{folder}/started")

for tool in ("compile", "run", "check", "fmt", "new"):
    dlc.run(dlc.DLC, tool, "--help")
