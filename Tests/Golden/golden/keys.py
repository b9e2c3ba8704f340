"""Names and shapes of all tensors of the published SDXL base model, from its configs."""

import json

from . import sdxl
from .random_weights import build

TENSORS = {"unet": 1680, "vae": 248, "text_encoder": 196, "text_encoder_2": 517}
UNET_PARAMETERS = 2_567_463_684


def make(output, options):
    """Writes keys/: {name: shape} of each component and the config it comes from."""
    folder = output / "keys"
    for component, config in sdxl.configs(sdxl.SHAPES["full"], sdxl.CLIP_VOCABULARY).items():
        model = build(component, config)
        shapes = {
            sdxl.checkpoint_key(component, key): list(value.shape)
            for key, value in model.state_dict().items()
        }
        assert len(shapes) == TENSORS[component], f"{component}: {len(shapes)} tensors"
        if component == "unet":
            assert sum(p.numel() for p in model.parameters()) == UNET_PARAMETERS
        sdxl.write_json(folder / component / "config.json", config)
        lines = ",\n".join(f'"{key}": {json.dumps(shape)}' for key, shape in sorted(shapes.items()))
        (folder / f"sdxl-{component}.keys.json").write_text("{\n" + lines + "\n}\n")
