"""What people ask of a program in unusual ways is answered, or refused with the reason: arrays for texts, links and
devices as files, numbers that do not fit, more memory than there is."""
# RUN: %python %s
import os
import pathlib
import resource
import stat
import subprocess

import numpy as np

import dlc


def answer(*command):
    return dlc.run(*command, cwd=folder).split(":", 1)[1].strip()


def check_texts():
    pathlib.Path(folder, "said.csv").write_text("a b c,1,2,x\nd e f,2,1,y\na e c,1,0,x\nd b f,0,1,y\n")
    program = dlc.compile_model(folder, """
model m(s: int[B, T <= 9], z: f32[B, 2]) -> (y: f32[B, 2]) {
  y = z + (s |> embedding(50, 4) |> reduce_sum([1]) |> dense(2))
}
data samples(s: class[50, 9], z: f32[2], t: class[2]) {
  train = csv("said.csv")
  each s |> words
}
train m on samples {
  loss      = cross_entropy(y, t)
  optimizer = adam(lr = 0.1)
  batch     = 2
}
""")
    train = (program, "train", "--threads", 1, "--run", "run")
    dlc.run(*train, "--epochs", 20, cwd=folder)
    np.save(f"{folder}/none.npy", np.zeros((1, 9), np.int32))
    predict = (program, "predict", "--weights", "run/last.safetensors")
    of_array, of_text = answer(*predict, "s=none.npy", "z=1,2"), answer(*predict, "s=", "z=1,2")
    assert of_array == of_text, f"zeros give {of_array}, no words {of_text}"
    dlc.refused([*predict, "s=missing.npy", "z=1,2"], "missing.npy", cwd=folder)
    dlc.refused([*predict, "s=a b", "z=1,NA"], "`NA` is not a number", cwd=folder)

    step = (program, "step", "--input", "z=1,2", "--input", "t=0", "--input")
    dlc.run(*step, "s=1,2,3,0,0,0,0,0,0", cwd=folder)
    for number in ("1.9", "1e12"):
        dlc.refused([*step, f"s={number},2,3,0,0,0,0,0,0"], "the input `s` is", cwd=folder)
    dlc.refused([*train, "--resume", "--epochs", 30, "--init", "run/last.safetensors"], "--init", code=2, cwd=folder)


def check_places():
    """Neither a program without weights nor its compiler makes a file of what is none."""
    model = pathlib.Path(folder, "twice.nn")
    model.write_text("model m(x: f32[B, 4]) -> (y: f32[B, 4]) { y = 2 * x }\n")
    program = dlc.compile_model(folder, model, "--batch", 1)
    out = (program, "predict", "x=1,2,3,4", "--out")
    link, real, pipe = (pathlib.Path(folder, name) for name in ("link", "real.npy", "pipe"))
    real.write_text("before")
    link.symlink_to(real)
    dlc.run(*out, link)
    assert link.is_symlink() and (np.load(real) == [[2, 4, 6, 8]]).all()
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    dlc.run(*out, pipe)
    assert os.read(reader, 1000) == real.read_bytes()
    os.close(reader)
    dlc.refused([dlc.DLC, "compile", model, "--batch", 1, "-o", pipe], "is no file")
    assert stat.S_ISFIFO(pipe.stat().st_mode), "the pipe was replaced"
    link.unlink()
    link.symlink_to("behind")
    pathlib.Path(folder, "behind").write_text("before")
    dlc.run(dlc.DLC, "compile", model, "--batch", 1, "-o", link)
    found = answer(link, "predict", "x=1,2,3,4")
    assert link.is_symlink() and found.endswith("2 4 6 8"), found
    if os.path.exists("/dev/full"):
        for command in ([dlc.DLC, "check", model, "--shapes"], [dlc.DLC, "--help"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
            assert result.returncode == 1 and "cannot write to the standard output" in result.stderr, result


def check_memory():
    program = dlc.compile_model(folder, """
model m(x: f32[B, 4]) -> (y: f32[B, 3]) {
  y = x |> dense(20000) |> dense(20000) |> dense(3)
}
data d(x: f32[4], t: class[3]) { train = rows([[1, 2, 3, 4, 0], [2, 3, 4, 5, 1]]) }
train m on d {
  loss      = cross_entropy(y, t)
  optimizer = sgd
}
""")
    gigabyte = 1 << 30
    for command in ("train", "bench", "step"):
        dlc.refused([program, command, "--threads", 1], "error: not enough memory: ",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (gigabyte, gigabyte)))


with dlc.scratch() as folder:
    check_texts()
    check_places()
    if not dlc.SANITIZED:  # sanitizers reserve more than any limit
        check_memory()
