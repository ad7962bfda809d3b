"""LeNet-5 on the real Fashion-MNIST reaches the accuracy PyTorch reaches, through every command."""
# REQUIRES: fashion-mnist
# RUN: %python %s
import json

import dlc

with dlc.scratch() as folder:
    program = dlc.compile_model(folder, "examples/lenet5/lenet5.nn")
    dlc.run(program, "train", "--epochs", 5, "--run", f"{folder}/run")
    best = f"{folder}/run/best.safetensors"
    result = json.loads(dlc.run(program, "eval", "--weights", best, "--json"))
    print(result)
    if not result["metrics"]["accuracy"] >= 0.88:
        raise SystemExit(f"accuracy {result['metrics']['accuracy']} after 5 epochs, expected 0.88")
    prediction = json.loads(dlc.run(program, "predict", "--weights", best, "test:0", "--top", 3, "--json"))
    print(prediction)
