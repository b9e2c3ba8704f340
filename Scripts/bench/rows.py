"""What is measured."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement of all sides, on a random model of SDXL's structure."""

    kind: str  # training, start, drawing, growth, ladder or adapter
    title: str
    shape: str
    precision: str
    rounds: int
    steps: int  # of each process
    threads: int = 1
    resolution: int = 256
    rank: int = 16
    gradient_checkpointing: bool = False
    adapter: str = "lora"
    memory: str = ""  # of lora-train's side with less memory; empty: no such side


ROWS = {
    "200m-fp32": Row(
        "training", "200 M parameter UNet, fp32, 1 thread", "200m", "fp32", rounds=5, steps=10,
        memory="1150MB"),
    "200m-bf16": Row(
        "training", "200 M parameter UNet, bf16, 1 thread", "200m", "bf16", rounds=5, steps=10,
        memory="700MB"),
    "full-bf16": Row(
        "training", "full SDXL UNet, bf16, checkpointing, 2 threads", "full", "bf16", rounds=2,
        steps=5, threads=2, gradient_checkpointing=True, memory="5200MB"),
    "start": Row(
        "start", "small model: from the start to the end of a one-step run", "tiny", "fp32",
        rounds=3, steps=1, resolution=64, rank=4),
    "drawing-fp32": Row(
        "drawing", "drawing, 200 M parameter UNet, fp32, 1 thread", "200m", "fp32", rounds=3,
        steps=8),
    "drawing-bf16": Row(
        "drawing", "drawing, 200 M parameter UNet, bf16, 1 thread", "200m", "bf16", rounds=3,
        steps=8),
    "growth": Row(
        "growth", "growth with batch, pixels and images: 200 M parameter UNet, bf16, 1 thread",
        "200m", "bf16", rounds=2, steps=8),
    "ladder": Row(
        "ladder", "the memory ladder: full SDXL UNet, bf16, 512 px, 2 threads", "full", "bf16", rounds=2,
        steps=4, threads=2, resolution=512),
    **{adapter: Row(
        "adapter", f"{name}, 200 M parameter UNet, fp32, 1 thread", "200m", "fp32", rounds=5,
        steps=12, adapter=adapter)
        for adapter, name in (("dora", "DoRA"), ("loha", "LoHa"), ("lokr", "LoKr"))},
}


def small(row):
    """A row that takes seconds and measures nothing, to test these scripts."""
    return dataclasses.replace(
        row, title=f"tiny: {row.title}", shape="tiny", rounds=1, steps=min(row.steps, 3), threads=1,
        resolution=64, rank=4, memory="300MB" if row.memory else "")
