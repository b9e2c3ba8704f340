"""Times of operations."""

import statistics
import time

import torch


def seconds(body, device, repeats=10):
    """The median time of `body` on its device, after some calls that are not measured. On the CPU, where
    only the script is tried out, the time of one call."""
    if device == "cpu":
        return host_seconds(body, device, repeats=1)
    for _ in range(3):
        body()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
              for _ in range(repeats)]
    torch.cuda.synchronize()
    for start, end in events:
        start.record()
        body()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(end) for start, end in events) / 1000


def host_seconds(body, device, repeats=5):
    """The median time of the host for `body`, with all kernels waited for before and after."""
    times = []
    for _ in range(repeats):
        wait(device)
        start = time.perf_counter()
        body()
        wait(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def wait(device):
    """Waits for the kernels of a GPU."""
    if device != "cpu":
        torch.cuda.synchronize()
