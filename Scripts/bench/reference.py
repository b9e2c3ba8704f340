"""The side of diffusers and peft: a lean training loop in its own process.

It trains on random latents and text embeddings, which lora-train has in its caches, so it loads neither
VAE nor text encoders. Prints one JSON object.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path

from measured import Job, Measured, run

TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]


def train(job):
    """Trains in a new process and measures it."""
    command = [sys.executable, __file__, json.dumps(dataclasses.asdict(job))]
    printed, wall, resident = run(command, {"OMP_NUM_THREADS": str(job.threads)})
    report = json.loads(printed)
    peak = report.pop("cuda_peak_bytes") or resident
    return Measured(report.pop("seconds"), peak, wall, report)


def resident_file_bytes():
    """Resident bytes of mapped files, such as a lazily mapped checkpoint."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("RssFile:"))
    return int(line.split()[1]) * 1024


def main(job):
    """Trains, and returns the times and the memory use."""
    import torch
    from diffusers import DDPMScheduler, UNet2DConditionModel
    from diffusers.training_utils import cast_training_params, compute_snr
    from peft import LoraConfig

    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[job.precision]
    mixed = dtype != torch.float32
    kind = job.device.split(":")[0]
    file_bytes = resident_file_bytes()
    unet = UNet2DConditionModel.from_pretrained(job.model, subfolder="unet", dtype=dtype)
    unet = unet.requires_grad_(False).to(job.device)
    unet.add_adapter(LoraConfig(
        r=job.rank, lora_alpha=job.rank, init_lora_weights="gaussian", target_modules=TARGETS
    ))
    cast_training_params(unet, dtype=torch.float32)
    unet.train()
    if job.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, fused=True)
    schedule = DDPMScheduler.from_pretrained(job.model, subfolder="scheduler")
    scaler = torch.amp.GradScaler(kind, enabled=dtype == torch.float16)

    side = job.resolution // 8
    size = float(job.resolution)
    pooled = unet.config.projection_class_embeddings_input_dim
    pooled -= 6 * unet.config.addition_time_embed_dim
    latents = torch.randn(1, 4, side, side, device=job.device)
    embeds = torch.randn(1, 77, unet.config.cross_attention_dim, device=job.device, dtype=dtype)
    conditions = {
        "text_embeds": torch.randn(1, pooled, device=job.device, dtype=dtype),
        "time_ids": torch.tensor([[size, size, 0, 0, size, size]], device=job.device),
    }

    seconds = []
    for _ in range(job.steps):
        start = time.perf_counter()
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, schedule.config.num_train_timesteps, (1,), device=job.device)
        noisy = schedule.add_noise(latents, noise, timesteps)
        with torch.autocast(kind, dtype, enabled=mixed):
            prediction = unet(
                noisy.to(dtype), timesteps, embeds, added_cond_kwargs=conditions
            ).sample
        snr = compute_snr(schedule, timesteps)
        losses = (prediction.float() - noise).square().mean(dim=(1, 2, 3))
        loss = (losses * snr.clamp(max=5) / snr).mean()
        scaler.scale(loss).backward()
        loss.item()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    on_gpu = job.device.startswith("cuda")
    return {
        "seconds": seconds,
        "cuda_peak_bytes": torch.cuda.max_memory_allocated(job.device) if on_gpu else None,
        "mapped_weight_bytes": max(0, resident_file_bytes() - file_bytes),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    print(json.dumps(main(Job(**json.loads(sys.argv[1])))))
