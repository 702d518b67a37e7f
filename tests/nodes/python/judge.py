"""Answers, line by line, what Python makes of a value or a text; both are told by tagged JSON."""
import ast
import datetime
import io
import json
import math
import pickle
import struct
import sys
import unicodedata
import warnings

import numpy as np

warnings.simplefilter("ignore")


def number(bits):
    return math.nan if bits == "nan" else struct.unpack(">d", bytes.fromhex(bits))[0]


def bits(x):
    return "nan" if math.isnan(x) else struct.pack(">d", x).hex()


def build(tag):
    kind, *rest = tag
    one = rest[0] if rest else None
    make = {
        "none": lambda: None,
        "bool": lambda: one,
        "int": lambda: int(one, 16),
        "float": lambda: number(one),
        "complex": lambda: complex(number(one), number(rest[1])),
        "str": lambda: one,
        "bytes": lambda: bytes.fromhex(one),
        "tuple": lambda: tuple(build(x) for x in one),
        "list": lambda: [build(x) for x in one],
        "set": lambda: {build(json.loads(x)) for x in one},
        "dict": lambda: {build(k): build(v) for k, v in one},
        "datetime": lambda: datetime.datetime(*one),
        "date": lambda: datetime.date(*one),
        "time": lambda: datetime.time(*one),
        "numpy": lambda: scalar(one, build(rest[1])),
    }
    return make[kind]()


def scalar(name, value):
    kind = np.bool_ if name == "bool" else getattr(np, name)
    return kind(value)


def tag(x):
    if x is None:
        return ["none"]
    if isinstance(x, np.ndarray):
        return ["array", x.dtype.str, list(x.shape), [tag(v) for v in x.ravel().tolist()]]
    if isinstance(x, np.generic):
        return ["numpy", "bool" if isinstance(x, np.bool_) else x.dtype.name.rstrip("0123456789") + "_"
                if isinstance(x, (str, bytes)) else x.dtype.name, tag(x.item())]
    kind = type(x)
    if kind is bool:
        return ["bool", x]
    if kind is int:
        return ["int", format(x, "x")]
    if kind is float:
        return ["float", bits(x)]
    if kind is complex:
        return ["complex", bits(x.real), bits(x.imag)]
    if kind is str:
        return ["str", x]
    if kind in (bytes, bytearray):
        return ["bytes", x.hex()]
    if kind in (tuple, list):
        return [kind.__name__, [tag(v) for v in x]]
    if kind is set:
        return ["set", sorted(json.dumps(tag(v), separators=(",", ":"), ensure_ascii=False) for v in x)]
    if kind is dict:
        return ["dict", [[tag(k), tag(v)] for k, v in x.items()]]
    day = [x.year, x.month, x.day] if isinstance(x, datetime.date) else []
    time = [x.hour, x.minute, x.second, x.microsecond] if kind is not datetime.date else []
    return [kind.__name__, day + time]


class Plain(pickle._Unpickler):
    """The decoder in Python: it takes no memory for places of the memo."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError("refused")


def of_value(q):
    x = build(q["value"])
    answer = {"repr": repr(x), "json": json.dumps(
        {"module": type(x).__module__, "type": type(x).__name__, "data": repr(x)})}
    with np.printoptions(legacy="1.25"):
        answer["repr1"] = repr(x)
    answer["unassigned"] = any(unicodedata.category(c) == "Cn" for c in answer["repr"] + q["repr"])
    answer["pickles"] = [pickle.dumps(x, p).hex() for p in range(6)]
    try:
        answer["evaluated"] = tag(eval(q["repr"], {"np": np, "datetime": datetime}))
    except NameError:
        answer["evaluated"] = None
    if "pickle" in q:
        answer["loaded"] = tag(pickle.loads(bytes.fromhex(q["pickle"])))
        answer["dumped"] = pickle.dumps(x, 4).hex()
    return answer


def attempt(read, text):
    try:
        x = read(text)
        t = tag(x)
        json.dumps(t, ensure_ascii=False).encode()
        return {"value": t}
    except UnicodeEncodeError:
        return {"surrogates": True}
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"}


def printable(_):
    """Of every character: printable, not printable, or not assigned here."""
    def one(code):
        if 0xD800 <= code < 0xE000:
            return "s"
        c = chr(code)
        return "u" if unicodedata.category(c) == "Cn" else "p" if c.isprintable() else "n"
    return {"all": "".join(map(one, range(0x110000)))}


ANSWERS = {
    "value": of_value,
    "literal": lambda q: attempt(ast.literal_eval, q["text"]),
    "json": lambda q: attempt(json.loads, q["text"]),
    "pickle": lambda q: attempt(lambda b: Plain(io.BytesIO(b)).load(), bytes.fromhex(q["bytes"])),
    "array": lambda q: {"pickles": [pickle.dumps(eval(q["make"]), p).hex() for p in range(6)],
                        "value": tag(eval(q["make"]))},
    "printable": printable,
}

for line in sys.stdin:
    q = json.loads(line)
    print(json.dumps(ANSWERS[q["ask"]](q)))
