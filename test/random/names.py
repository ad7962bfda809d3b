"""What there is to draw, by the compiler's and the standard library's own declarations."""
import pathlib
import re

STDLIB = pathlib.Path(__file__).resolve().parents[2] / "stdlib"


def declared(kind):
    """The names of all `op`, `layer`, `fn`, `optimizer`, … that stdlib/ declares."""
    return {name for path in STDLIB.glob("*.nn") for name in re.findall(rf"^{kind} (\w+)", path.read_text(), re.M)}


LAYERS = declared("layer")
