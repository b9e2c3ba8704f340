"""Reads traces of PyTorch's profiler: kernels by kind, launches, and the gaps between kernels."""

import json
import re
from collections import defaultdict

GPU = {"kernel", "gpu_memcpy", "gpu_memset"}
# The first pattern that occurs in a kernel's name decides its kind.
KINDS = [
    ("attention", r"flash|fmha|attention|sdpa"),
    ("optimizer", r"multi_tensor|adam"),
    ("norm", r"norm|moments|welford|rowwise"),
    ("convolution", r"conv|wgrad|dgrad|fprop|implicit|winograd|nchw|nhwc"),
    ("GEMM", r"gemm|nvjet|cutlass|xmma|cublas|splitk|\bmm\b|addmm|linear|matmul|gemv"),
    ("softmax", r"softmax"),
    ("copy or cast", r"copy|memcpy|\bto\b|_to_|cat"),
    ("fill", r"memset|fill|zero"),
    ("reduction", r"reduce|sum|mean"),
    ("pointwise", r"elementwise|pointwise|vectorized|unrolled|add|mul|silu|gelu"),
]


def kind_of(name):
    """The kind of a kernel or operation, by its name."""
    lower = name.lower()
    return next((kind for kind, pattern in KINDS if re.search(pattern, lower)), "other")


def analyse(file):
    """The summary of a trace: of its kernels, or without any of the operations of the CPU, each without the
    operations that it calls."""
    with open(file, encoding="utf-8") as text:
        events = [event for event in json.load(text)["traceEvents"] if event.get("ph") == "X"]
    kernels = [event for event in events if event.get("cat") in GPU]
    operations = [event for event in events if event.get("cat") == "cpu_op"]
    work = kernels or without_calls(operations)
    runtime = [event for event in events if event.get("cat") in ("cuda_runtime", "cuda_driver")]
    calls = defaultdict(int)
    for event in runtime:
        calls[event["name"]] += 1
    return {
        "on": "GPU" if kernels else "CPU", "kernels": len(work), "operations": len(operations),
        "launches": sum(count for name, count in calls.items() if "Launch" in name),
        "synchronisations": sum(count for name, count in calls.items() if "Synchronize" in name),
        **busy(kernels or operations), "kinds": table(work, lambda event: kind_of(event["name"])),
        "longest": table(work, lambda event: event["name"][:120])[:25],
    }


def without_calls(events):
    """The events of all threads, each lasting only for the time in which no event inside it runs."""
    threads = defaultdict(list)
    for event in events:
        threads[event["tid"]].append(dict(event, end=event["ts"] + event["dur"]))
    for own in threads.values():
        own.sort(key=lambda event: (event["ts"], -event["dur"]))
        outer = []
        for event in own:
            while outer and outer[-1]["end"] <= event["ts"]:
                outer.pop()
            if outer:
                outer[-1]["dur"] -= event["end"] - event["ts"]
            outer.append(event)
    return [event for own in threads.values() for event in own]


def busy(events):
    """Milliseconds from the first start to the last end, busy within them, and in gaps."""
    spans = sorted((event["ts"], event["ts"] + event["dur"]) for event in events)
    if not spans:
        return {"ms": 0, "busy_ms": 0, "gaps": 0, "gap_ms": 0}
    work, gaps, end = 0, [], spans[0][0]
    for start, stop in spans:
        if start > end:
            gaps.append(start - end)
        work += max(0, stop - max(start, end))
        end = max(end, stop)
    return {"ms": (end - spans[0][0]) / 1000, "busy_ms": work / 1000, "gaps": len(gaps),
            "gap_ms": sum(gaps) / 1000}


def table(events, key):
    """Count and milliseconds for each key, the longest first."""
    rows = defaultdict(lambda: [0, 0])
    for event in events:
        row = rows[key(event)]
        row[0] += 1
        row[1] += event["dur"] / 1000
    ordered = sorted(rows.items(), key=lambda row: -row[1][1])
    return [{"name": name, "count": count, "ms": total} for name, (count, total) in ordered]
