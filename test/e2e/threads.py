"""The example networks, a recurrent one among them, end with the same bits on 1, 2 and 3 threads, and when killed and resumed on other threads."""
# REQUIRES: fashion-mnist
# RUN: %python %s
import pathlib
import signal
import subprocess
import time

import dlc


def weights(run):
    return pathlib.Path(run, "last.safetensors").read_bytes()


with dlc.scratch() as folder:
    for name, steps in (("mlp", 60), ("lenet5", 300), ("cnn", 12), ("gru_rows", 40)):
        program = dlc.compile_model(folder, f"examples/{name}/{name}.nn")
        runs = {threads: f"{folder}/{name}-{threads}" for threads in (1, 2, 3)}
        for threads, run in runs.items():
            dlc.run(program, "train", "--run", run, "--steps", steps, "--threads", threads)
        for threads in (2, 3):
            if weights(runs[1]) != weights(runs[threads]):
                raise SystemExit(f"{name}: other bits on {threads} threads than on one")

        killed = f"{folder}/{name}-killed"
        train = [str(program), "train", "--run", killed, "--steps", str(steps), "--resume", "--checkpoint-every", "3"]
        process = subprocess.Popen([*train, "--threads", "2"], stdout=subprocess.DEVNULL)
        while process.poll() is None and not pathlib.Path(killed, "resume.safetensors").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise SystemExit(f"{name}: the training was over before it could be killed")
        if "resuming" not in dlc.run(*train, "--threads", "1"):
            raise SystemExit(f"{name}: it did not resume")
        if weights(killed) != weights(runs[1]):
            raise SystemExit(f"{name}: other bits after a kill and a resume")
        print(f"{name}: {steps} steps, the same bits")
