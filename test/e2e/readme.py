"""What README.md says works: its model compiles and learns, its commands run, its error is the error."""
# RUN: %python %s
import os
import pathlib
import re
import subprocess

import dlc

text = (dlc.ROOT / "README.md").read_text()
model, table_model = re.findall(r"```nn\n(.*?)```", text, re.S)
commands, table_commands = (block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", text, re.S))
table = re.search(r"```csv\n(.*?)```", text, re.S)[1].strip().splitlines()
message = re.search(r"```\n(error: .*?)```", text, re.S)[1].strip()
assert len(commands) == 4 and len(table_commands) == 6 and len(table) == 3, (commands, table_commands, table)

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

# The table is learned from: here a made-up rule, in the README's columns.
with dlc.scratch() as folder:
    lines = [table[0]]
    for i in range(400):
        city, age = ("Oslo", '"New York, NY"', "Rome")[i % 3], 20 + i * 7 % 60
        note = ("owns a house", '"rents, two\ncars"')[i % 2]
        risk = "high" if i % 2 else "low" if age < 50 else "middle"
        lines.append(f"{i},{city},{age},{'' if i % 9 == 0 else 50 + i % 20},{note},{risk}")
    pathlib.Path(folder, "people.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    pathlib.Path(folder, "new.csv").write_text("\n".join(table).replace('"owns a house"', "owns a house"))
    pathlib.Path(folder, "risk.nn").write_text(table_model)
    outputs = []
    for command in table_commands:
        print("$", command)
        outputs.append(dlc.run("sh", "-c", command, cwd=folder, env=environment))
        print(outputs[-1])
    assert float(re.search(r"accuracy (\S+)", outputs[2])[1]) > 0.9 and "precision  recall" in outputs[2], outputs[2]
    assert re.match(r"test:0:  (low|middle|high) \(.* label (low|middle|high), right", outputs[3]), outputs[3]
    answers = [line.split()[1] for line in outputs[4].splitlines()]
    assert answers[0] == "high" and answers[1] != "high", outputs[4]
    assert outputs[5].split()[1] != "high", outputs[5]

for tool in ("compile", "run", "check", "fmt", "new"):
    dlc.run(dlc.DLC, tool, "--help")
