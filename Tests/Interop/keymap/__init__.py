"""The layers of SDXL that a LoRA can adapt, and the names that each program has for them.

Everything here is written down from the programs' documented names. Nothing is taken from
lora-train or from the converters of diffusers, so that a wrong name in either is found.
"""
