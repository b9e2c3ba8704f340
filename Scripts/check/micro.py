"""Times of single operations of a training step, with plain PyTorch."""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from timing import host_seconds, seconds

# [rows, inner, columns] of SDXL's products: its 1280 channels at 1024 px, one image and four, as they are
# and with all low-rank parts of a layer appended (3888); then its 640 channels, text keys and a LoRA.
GEMMS = [
    *((rows, inner, columns) for rows in (1024, 4096)
      for inner, columns in ((1280, 1280), (1280, 3888), (1280, 10240), (5120, 1280))),
    (4096, 640, 640), (4096, 640, 5120), (77, 2048, 1280), (1024, 1280, 16), (1024, 16, 1280),
]
# [heads, queries, keys] of its attention, 64 channels a head.
ATTENTION = [(10, 4096, 4096), (20, 1024, 1024), (10, 4096, 77), (20, 1024, 77)]
# [channels, side] of its 3 x 3 convolutions and GroupNorms.
IMAGES = [(320, 128), (640, 64), (1280, 32)]


def main(settings, emit):
    shrink = settings.pick(1, 16)
    device, dtype = settings.device, torch.bfloat16

    def normal(*shape, gradient=False):
        return torch.randn(*shape, device=device, dtype=dtype, requires_grad=gradient)

    for rows, inner, columns in GEMMS:
        x, weight = normal(rows // shrink, inner), normal(columns, inner)
        spent = seconds(lambda: F.linear(x, weight), device)
        emit("GEMM", shape=[rows // shrink, inner, columns], us=1e6 * spent,
             tflop_per_second=2 * x.shape[0] * inner * columns / spent / 1e12)
    for heads, queries, keys in ATTENTION:
        q = normal(1, heads, queries // shrink, 64, gradient=True)
        k, v = (normal(1, heads, max(keys // shrink, 5), 64, gradient=True) for _ in range(2))
        for name in ("default", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION", "MATH"):
            attention(emit, name, q, k, v, device)
    for channels, side in IMAGES:
        images(emit, normal(1, channels, side // min(shrink, 8), side // min(shrink, 8), gradient=True),
               normal(channels, channels, 3, 3), device)
    launches(emit, device)


def attention(emit, name, q, k, v, device):
    """One backend of scaled dot-product attention, alone and with its backward pass."""
    def forward():
        if name == "default":
            return F.scaled_dot_product_attention(q, k, v)
        with sdpa_kernel(getattr(SDPBackend, name)):
            return F.scaled_dot_product_attention(q, k, v)

    def both():
        forward().sum().backward()

    shape = [q.shape[1], q.shape[2], k.shape[2]]
    try:
        emit("SDPA", backend=name, shape=shape, us=1e6 * seconds(forward, device),
             with_backward_us=1e6 * seconds(both, device))
    except RuntimeError as error:
        emit("SDPA", backend=name, shape=shape, refused=str(error).splitlines()[0][:200])


def images(emit, x, weight, device):
    """A convolution in both memory formats, and GroupNorm with SiLU, with backward passes."""
    for name, layout in (("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)):
        image = x.detach().contiguous(memory_format=layout).requires_grad_()
        kernel = weight.contiguous(memory_format=layout)
        channels = x.shape[1]
        scale = torch.ones(channels, device=device, dtype=x.dtype)
        zero = torch.zeros_like(scale)
        for operation, body in (
            ("convolution", lambda: F.conv2d(image, kernel, padding=1)),
            ("GroupNorm + SiLU", lambda: F.silu(F.group_norm(image, 32, scale, zero))),
        ):
            emit(operation, layout=name, shape=list(x.shape), us=1e6 * seconds(body, device),
                 with_backward_us=1e6 * seconds(lambda: body().sum().backward(), device))


def launches(emit, device):
    """The host's time to launch a kernel, and the time from kernel to kernel, plain and in a graph."""
    count = 1000
    x = torch.zeros(64, device=device)

    def many():
        for _ in range(count):
            x.add_(1)

    emit("small kernels one by one", us_each=1e6 * host_seconds(many, device) / count)
    if device == "cpu":
        return
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        many()
    emit("small kernels in a graph", us_each=1e6 * seconds(graph.replay, device) / count)
