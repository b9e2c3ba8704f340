"""The floating-point operations of SDXL's UNet, as PyTorch's FlopCounterMode counts them: matrix products,
convolutions and attention, of which a multiplication and an addition are two. The UNet is diffusers' with
peft's adapters, on the meta device, where nothing is computed."""

import json
import sys

from measured import call


def of_step(job):
    """Those of a training step: the forward pass and the backward pass, without recomputation."""
    return ask(job.model, job.batch_size, job.resolution, list(job.targets), job.rank)


def of_prediction(model, batch_size, resolution):
    """Those of a forward pass without adapters."""
    return ask(model, batch_size, resolution, [], 0)


def ask(model, batch_size, resolution, targets, rank):
    """Counts in a new process."""
    job = {"model": model, "batch_size": batch_size, "resolution": resolution, "targets": targets,
           "rank": rank}
    answer, _ = call("flops.py", job, 1)
    return answer


def main(model, batch_size, resolution, targets, rank):
    """Counts in this process and prints the number."""
    import torch
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig
    from torch.utils.flop_counter import FlopCounterMode

    config = UNet2DConditionModel.load_config(model, subfolder="unet")
    pooled = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
    side = resolution // 8
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        unet = UNet2DConditionModel.from_config(config).requires_grad_(False)
        if targets:
            unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=targets))
        prediction = unet(
            torch.empty(batch_size, 4, side, side), torch.empty(batch_size),
            torch.empty(batch_size, 77, config["cross_attention_dim"]),
            added_cond_kwargs={"text_embeds": torch.empty(batch_size, pooled),
                               "time_ids": torch.empty(batch_size, 6)},
        ).sample
        if targets:
            prediction.sum().backward()
    print(json.dumps(counter.get_total_flops()))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
