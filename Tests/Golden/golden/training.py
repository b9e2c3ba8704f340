"""Five AdamW steps of a LoRA on tiny-sdxl's UNet, by PyTorch and peft."""

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import compute_snr
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from .fixture import generator, write
from .sdxl import SCHEDULER

STEPS = 5
TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
# With AdamW's usual epsilon of 1e-8, the rounding of near-zero gradients would reach the weights.
# With 1e-5 the final adapter is the same to 3e-6 for every number of threads.
BASE = {
    "rank": 4, "alpha": 4, "batch_size": 1, "gradient_accumulation": 1, "min_snr_gamma": None,
    "prediction_type": "epsilon", "learning_rate": 1e-3, "betas": [0.9, 0.999], "epsilon": 1e-5,
    "weight_decay": 1e-2, "max_grad_norm": 1.0,
}
# Each case clips the gradients of some of its steps, not of all.
CASES = {
    "epsilon": {},
    "epsilon-min-snr": {"batch_size": 2, "min_snr_gamma": 5.0, "alpha": 8},
    "v-prediction-min-snr": {
        "batch_size": 2, "min_snr_gamma": 5.0, "prediction_type": "v_prediction",
        "max_grad_norm": 0.1,
    },
    "accumulation": {"gradient_accumulation": 2, "max_grad_norm": 0.33},
    # The last class_count samples of a batch are class images.
    "prior-min-snr": {
        "batch_size": 3, "class_count": 2, "prior_weight": 0.5, "min_snr_gamma": 5.0,
        "gradient_accumulation": 2, "max_grad_norm": 0.45,
    },
    # The last class_count samples are the others with texts of the class.
    "output-preservation": {
        "batch_size": 4, "class_count": 2, "prior_weight": 0.5, "min_snr_gamma": 5.0,
        "gradient_accumulation": 2, "max_grad_norm": 0.3, "preserves_output": True, "tokens": 5,
    },
}


def adapted_unet(output, config):
    """The frozen UNet with an adapter whose matrices are both random, the same in every case."""
    unet = UNet2DConditionModel.from_pretrained(output / "tiny-sdxl" / "unet").requires_grad_(False)
    unet.add_adapter(
        LoraConfig(r=config["rank"], lora_alpha=config["alpha"], target_modules=TARGETS)
    )
    rng = generator("training/adapter")
    with torch.no_grad():
        for key, parameter in unet.named_parameters():
            if "lora_" in key:
                deviation = 1 / config["rank"] if "lora_A" in key else 0.12
                parameter.copy_(torch.randn(parameter.shape, generator=rng) * deviation)
    return unet.train()


def adapter(unet):
    """The adapter's tensors, by the keys that diffusers saves."""
    return {f"unet.{key}": value.clone() for key, value in get_peft_model_state_dict(unet).items()}


def draw_inputs(name, config, unet):
    """All random values of the run, each [steps, accumulation, batch, ...]."""
    rng = generator(f"training/{name}")
    lead = (STEPS, config["gradient_accumulation"], config["batch_size"])
    pooled = unet.config.projection_class_embeddings_input_dim
    pooled -= 6 * unet.config.addition_time_embed_dim
    sizes = torch.tensor([[64, 64, 0, 0, 64, 64], [1080, 1350, 8, 0, 64, 64]])
    tokens, width = config.get("tokens", 16), unet.config.cross_attention_dim
    inputs = {
        "latents": torch.randn((*lead, 4, 8, 8), generator=rng),
        "noise": torch.randn((*lead, 4, 8, 8), generator=rng),
        "timesteps": torch.randint(0, 1000, lead, generator=rng),
        "prompt_embeds": torch.randn((*lead, tokens, width), generator=rng),
        "pooled_embeds": torch.randn((*lead, pooled), generator=rng),
        "time_ids": sizes[torch.randint(0, 2, lead, generator=rng)],
    }
    if "preserves_output" in config:
        count = config["batch_size"] - config["class_count"]
        for key in ("latents", "noise", "timesteps", "time_ids"):
            inputs[key][:, :, count:] = inputs[key][:, :, :count]
    return inputs


@torch.no_grad()
def base_prediction(unet, count, noisy, timesteps, prompt_embeds, conditions):
    """The prediction of the base model for the last `count` samples, as ai-toolkit's differential output
    preservation takes it: without the adapter."""
    unet.disable_adapters()
    conditions = {key: value[-count:] for key, value in conditions.items()}
    prediction = unet(
        noisy[-count:], timesteps[-count:], prompt_embeds[-count:], added_cond_kwargs=conditions
    ).sample
    unet.enable_adapters()
    return prediction


def micro_batch_loss(unet, schedule, config, latents, noise, timesteps, prompt_embeds,
                     pooled_embeds, time_ids):
    """Mean squared error of the prediction, each sample weighted by min-SNR if `config` sets a
    gamma; and its parts if the batch has class images."""
    conditions = {"text_embeds": pooled_embeds, "time_ids": time_ids.float()}
    noisy = schedule.add_noise(latents, noise, timesteps)
    prediction = unet(noisy, timesteps, prompt_embeds, added_cond_kwargs=conditions).sample
    velocity = config["prediction_type"] == "v_prediction"
    target = schedule.get_velocity(latents, noise, timesteps) if velocity else noise
    if "preserves_output" in config:
        target = target.clone()
        target[-config["class_count"]:] = base_prediction(
            unet, config["class_count"], noisy, timesteps, prompt_embeds, conditions)
    losses = (prediction - target).square().mean(dim=(1, 2, 3))
    if config["min_snr_gamma"] is not None:
        snr = compute_snr(schedule, timesteps)
        weights = snr.clamp(max=config["min_snr_gamma"]) / (snr + 1 if velocity else snr)
        if "preserves_output" in config:
            weights[-config["class_count"]:] = 1
        losses = losses * weights
    if "class_count" not in config:
        return losses.mean(), {}
    # As in diffusers' train_dreambooth_lora_sdxl.py: the means of both parts, the second weighted.
    count = len(losses) - config["class_count"]
    instance, prior = losses[:count].mean(), losses[count:].mean()
    parts = {"instance_losses": instance.detach(), "prior_losses": prior.detach()}
    return instance + config["prior_weight"] * prior, parts


def train(output, name, config, loss_of=micro_batch_loss, draw=draw_inputs,
          source="torch.optim.AdamW and peft on UNet2DConditionModel of tiny-sdxl"):
    """Runs one case and writes it. `loss_of` is the loss of a batch, and `draw` draws the inputs."""
    unet = adapted_unet(output, config)
    schedule = DDPMScheduler.from_config(SCHEDULER, prediction_type=config["prediction_type"])
    parameters = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, lr=config["learning_rate"], betas=config["betas"], eps=config["epsilon"],
        weight_decay=config["weight_decay"],
    )
    inputs, initial = draw(name, config, unet), adapter(unet)
    losses, norms, parts = [], [], {}
    for step in range(STEPS):
        total = torch.zeros(())
        for values in parts.values():
            values.append(torch.zeros(()))
        for micro in range(config["gradient_accumulation"]):
            batch = {key: value[step, micro] for key, value in inputs.items()}
            loss, parts_of_loss = loss_of(unet, schedule, config, **batch)
            (loss / config["gradient_accumulation"]).backward()
            total += loss.detach() / config["gradient_accumulation"]
            for key, value in parts_of_loss.items():
                parts.setdefault(key, [torch.zeros(())])
                parts[key][-1] += value / config["gradient_accumulation"]
        losses.append(total)
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, config["max_grad_norm"]))
        optimizer.step()
        optimizer.zero_grad()
    print(f"  {name}: losses {[f'{x:.4f}' for x in losses]} norms {[f'{x:.3f}' for x in norms]}")
    tensors = {f"in.{key}": value for key, value in inputs.items()}
    tensors |= {"out.losses": torch.stack(losses), "out.grad_norms": torch.stack(norms)}
    tensors |= {f"out.{key}": torch.stack(values) for key, values in parts.items()}
    tensors |= {f"final.{key}": value for key, value in adapter(unet).items()}
    write(output / "training" / name, tensors, source, config)
    return initial


def make(output, options):
    """Writes training/: the adapter that every case starts from, and the cases."""
    initials = [train(output, name, BASE | changes) for name, changes in CASES.items()]
    for other in initials[1:]:
        assert all(torch.equal(other[key], value) for key, value in initials[0].items())
    path = output / "training" / "initial-adapter"
    write(path, initials[0], "peft on UNet2DConditionModel of tiny-sdxl", {"rank": BASE["rank"]})
