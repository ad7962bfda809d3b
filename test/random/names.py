"""What there is to draw, by the compiler's and the standard library's own declarations."""
import pathlib
import re

STDLIB = pathlib.Path(__file__).resolve().parents[2] / "stdlib"


def declared(kind):
    """The names of all `op`, `layer`, `fn`, `optimizer`, … that stdlib/ declares."""
    return {name for path in STDLIB.glob("*.nn") for name in re.findall(rf"^{kind} (\w+)", path.read_text(), re.M)}


def reached(words):
    """The words, and those of all that the standard library defines by them."""
    parts = [re.split(r"^(?:fn|layer) (\w+)", re.sub("//.*", "", path.read_text()), flags=re.M)
             for path in STDLIB.glob("*.nn")]
    bodies = {name: set(re.findall(r"\w+", body)) for part in parts for name, body in zip(part[1::2], part[2::2])}
    found, waiting = set(), set(words)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= bodies.get(name, set()) - found
    return found


LAYERS = declared("layer")
