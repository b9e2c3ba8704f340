"""LoRA files: their tensors, alphas and metadata."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file


# The parts of a model, and their folders in diffusers.
PARTS = {"unet": "unet", "te1": "text_encoder", "te2": "text_encoder_2"}


@dataclass(frozen=True)
class LoRAFile:
    tensors: dict[str, torch.Tensor]
    # The header's entries.
    metadata: dict[str, str] = field(default_factory=dict)
    # adapter_config.json beside the file; None: there is none.
    config: dict | None = None
    # The part of the model that a PEFT file is for.
    part: str = "unet"

    @staticmethod
    def read(path: Path):
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
            metadata = file.metadata() or {}
        config = path.parent / "adapter_config.json"
        beside = json.loads(config.read_text()) if config.exists() else None
        parts = {folder: part for part, folder in PARTS.items()}
        return LoRAFile(tensors, metadata, beside, parts.get(path.parent.name, "unet"))

    def write(self, path: Path):
        save_file(self.tensors, path, self.metadata)

    def stripped(self):
        """The same tensors without the header's entries, as many tools save them."""
        return replace(self, metadata={})

    @property
    def shapes(self):
        return {key: tuple(tensor.shape) for key, tensor in self.tensors.items()}

    def without(self, key):
        return replace(self, tensors={k: v for k, v in self.tensors.items() if k != key})

    def replacing(self, old, new):
        """The same tensors with another text in their names."""
        return replace(self, tensors={k.replace(old, new): v for k, v in self.tensors.items()})


def named_as_sd_scripts(layers, rank, alpha=1.0, dtype=torch.float32, fill=torch.zeros):
    """The tensors that sd-scripts saves for these layers: `lora_down`, `lora_up` and `alpha`."""
    tensors = {}
    for layer in layers:
        name = "_".join([f"lora_{layer.part}", *layer.sgm.split(".")])
        down, up = layer.matrices(rank)
        tensors[f"{name}.lora_down.weight"] = fill(down, dtype=dtype)
        tensors[f"{name}.lora_up.weight"] = fill(up, dtype=dtype)
        tensors[f"{name}.alpha"] = torch.tensor(alpha, dtype=dtype)
    return LoRAFile(tensors)



def named_as_diffusers(layers, rank, alpha, dtype=torch.float32, fill=torch.randn):
    """The tensors that diffusers saves for these layers. Alpha is in the metadata only."""
    tensors, settings = {}, {}
    for layer in layers:
        text = "" if layer.part == "unet" else "text_model."
        part = PARTS[layer.part]
        name = f"{part}.{text}{layer.diffusers}"
        down, up = layer.matrices(rank)
        tensors[f"{name}.lora_A.weight"] = fill(down, dtype=dtype)
        tensors[f"{name}.lora_B.weight"] = fill(up, dtype=dtype)
        settings |= {f"{part}.r": rank, f"{part}.lora_alpha": alpha}
    return LoRAFile(tensors, {"lora_adapter_metadata": json.dumps(settings), "format": "pt"})
