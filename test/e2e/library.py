"""A C program calls a model's library, as runtime/README.md shows it, and gets what `predict` gives."""
# RUN: %python %s
import os
import re

import dlc


def listing(path, language):
    return re.search(rf"```{language}\n(.*?)```", (dlc.ROOT / path).read_text(), re.S)[1]


with dlc.scratch() as folder:
    environment = dict(os.environ, PATH=f"{dlc.DLC.parent}:{os.environ['PATH']}")

    def shell(command):
        return dlc.run("sh", "-c", command, cwd=folder, env=environment)

    open(f"{folder}/xor.nn", "w").write(listing("README.md", "nn"))
    open(f"{folder}/ask.c", "w").write(listing("runtime/README.md", "c"))
    shell("dlc compile xor.nn && ./xor train")
    expected = [shell(f"./xor predict --weights runs/xor/best.safetensors test:{i}") for i in range(4)]
    expected = [float(line.split("=")[1]) for line in expected]

    def ask(what):
        answers = [float(shell(f"./ask runs/xor/best.safetensors {a} {b}")) for a in (0, 1) for b in (0, 1)]
        print(what, answers)
        for answer, reference in zip(answers, expected):
            if abs(answer - reference) > 2e-6:
                raise SystemExit(f"{what} answers {answers}, predict {expected}")

    build, link, use = listing("runtime/README.md", "sh").strip().splitlines()
    assert "best.safetensors 0 1" in use, use
    link = link.replace("runtime/include", str(dlc.ROOT / "runtime/include")) + " -Wall -Wextra -Werror"
    shell(build)
    shell(link)
    ask("the static library")

    shell("rm xor.h && dlc compile xor.nn --emit=header -o xor.h && dlc compile xor.nn --emit=shared")
    shell(link.replace("libxor.a", "./libxor.so"))
    ask("the shared library")
    # For several processors: the library chooses, without the runtime.
    shell(build + " --target=multi")
    shell(link)
    for level in ("v2", "v3", "v4"):
        environment["DLC_LEVEL"] = level
        ask(f"the static library, {level}")
    shell("dlc compile xor.nn --emit=shared --target=multi")
    shell(link.replace("libxor.a", "./libxor.so"))
    ask("the shared library for several processors")
    if "sanitize" not in str(dlc.BUILD):  # there the runtime needs more flags
        shell("dlc compile xor.nn --emit=obj --target=multi -o xor.o && "
              f"cc xor.o {dlc.BUILD}/lib/libdlcrt.a -lm -static-libgcc -pthread -o whole && ./whole info")

    shell("echo 'int main(void) { return xor_batch != 4; }' > plus.cpp && "
          f"c++ -I {dlc.ROOT}/runtime/include -include xor.h plus.cpp -o plus && ./plus")
    symbols = shell("nm -D --defined-only libxor.so").split()[2::3]
    if set(symbols) - {"dlc_the_model", "dlc_step", "dlc_evaluate", "dlc_infer", "dlc_infer_one", "dlc_update", "dlc_explain"}:
        raise SystemExit(f"the library exports {symbols}")
