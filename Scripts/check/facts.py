"""The device, the libraries, and the two ceilings: copying memory and multiplying matrices."""

import os
import platform
import subprocess

import torch

from machine import gibibytes, memory_gib, processor, version
from timing import seconds


def main(settings, emit):
    emit("machine", system=platform.platform(), processor=processor(), cores=os.cpu_count(),
         memory_gib=memory_gib())
    libraries = {"torch": torch.__version__, "python": platform.python_version()}
    for name in ("diffusers", "transformers", "peft", "accelerate"):
        libraries[name] = version(name)
    emit("libraries", **libraries)
    if settings.device == "cuda":
        gpu = torch.cuda.get_device_properties(0)
        emit("gpu", name=gpu.name, compute=f"{gpu.major}.{gpu.minor}",
             multiprocessors=gpu.multi_processor_count, memory_gib=gibibytes(gpu.total_memory),
             cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version(), driver=driver())
    ceilings(settings, emit)
    doctor = subprocess.run(
        [settings.program, "doctor"], capture_output=True, text=True, cwd=settings.scratch)
    emit("doctor", code=doctor.returncode, text=(doctor.stdout + doctor.stderr)[-3000:])


def ceilings(settings, emit):
    """Bytes read and written by a copy in the device's memory, and a large bf16 product."""
    device = settings.device
    source = torch.randn(settings.pick(1 << 30, 1 << 22), device=device)
    target = torch.empty_like(source)
    copied = 2 * source.numel() * source.element_size()
    emit("copy", gb_per_second=copied / seconds(lambda: target.copy_(source), device) / 1e9)
    del source, target
    side = settings.pick(8192, 512)
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    emit("bf16 GEMM", side=side,
         tflop_per_second=2 * side**3 / seconds(lambda: a @ b, device) / 1e12)


def driver():
    """The version of NVIDIA's driver."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError as error:
        return str(error)
