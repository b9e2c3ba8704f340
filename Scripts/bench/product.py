"""The speed of a large matrix product: the peak that a training step is compared with.

PyTorch multiplies float32 matrices with MKL, which is slow on some processors. oneDNN, which PyTorch uses
for bfloat16, also multiplies float32. The faster of the two counts.
"""

import json
import sys
import time

from measured import call

SIDE = 4096
REPEATS = 3


def measure(precision, threads, side=SIDE):
    """The FLOP/s in a new process."""
    job = {"precision": precision, "threads": threads, "side": side}
    answer, _ = call("product.py", job, threads)
    return answer


def main(precision, threads, side):
    """Multiplies in this process and prints the FLOP/s."""
    import torch

    from lean import DTYPES

    torch.set_num_threads(threads)
    dtype = getattr(torch, DTYPES[precision])
    a, b = (torch.randn(side, side).to(dtype) for _ in range(2))
    ways = [lambda: a @ b]
    if dtype == torch.float32 and torch.backends.mkldnn.is_available():
        ways.append(lambda: torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], None))
    times = []
    for multiply in ways:
        multiply()
        for _ in range(REPEATS):
            start = time.perf_counter()
            multiply()
            times.append(time.perf_counter() - start)
    print(json.dumps({"flop_per_second": 2 * side**3 / min(times)}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
