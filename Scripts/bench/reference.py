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

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
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


class LeanTraining:
    """SDXL's UNet with adapters, and their optimizer, on random latents and text embeddings."""

    def __init__(self, job):
        """Loads the UNet and makes the inputs of all steps."""
        import torch
        from diffusers import DDPMScheduler, UNet2DConditionModel
        from diffusers.training_utils import cast_training_params
        from peft import LoraConfig

        torch.set_num_threads(job.threads)
        torch.manual_seed(0)
        self.dtype = getattr(torch, DTYPES[job.precision])
        self.device, self.kind = job.device, job.device.split(":")[0]
        unet = UNet2DConditionModel.from_pretrained(job.model, subfolder="unet", dtype=self.dtype)
        unet = unet.requires_grad_(False).to(job.device)
        unet.add_adapter(LoraConfig(
            r=job.rank, lora_alpha=job.rank, init_lora_weights="gaussian", target_modules=TARGETS
        ))
        cast_training_params(unet, dtype=torch.float32)
        self.unet = unet.train()
        self.set_checkpointing(job.gradient_checkpointing)
        self.trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-4, fused=True)
        self.schedule = DDPMScheduler.from_pretrained(job.model, subfolder="scheduler")
        self.scaler = torch.amp.GradScaler(self.kind, enabled=self.dtype == torch.float16)
        self.set_inputs(job.batch_size, job.resolution)

    def set_checkpointing(self, enabled):
        """Turns gradient checkpointing on or off."""
        if enabled:
            self.unet.enable_gradient_checkpointing()
        else:
            self.unet.disable_gradient_checkpointing()

    def set_inputs(self, batch_size, resolution):
        """Draws the inputs of the next steps."""
        import torch

        config, place = self.unet.config, {"device": self.device}
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        size, side = float(resolution), resolution // 8
        self.clean = torch.randn(batch_size, 4, side, side, **place)
        self.embeds = torch.randn(
            batch_size, 77, config.cross_attention_dim, dtype=self.dtype, **place)
        self.conditions = {
            "text_embeds": torch.randn(batch_size, pooled, dtype=self.dtype, **place),
            "time_ids": torch.tensor([[size, size, 0, 0, size, size]] * batch_size, **place),
        }

    def latents(self):
        """The latents of a step."""
        return self.clean

    def step(self):
        """One optimizer step."""
        import torch
        from diffusers.training_utils import compute_snr

        latents = self.latents()
        noise = torch.randn_like(latents)
        count = self.schedule.config.num_train_timesteps
        timesteps = torch.randint(0, count, (len(latents),), device=self.device)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        with torch.autocast(self.kind, self.dtype, enabled=self.dtype != torch.float32):
            prediction = self.unet(
                noisy.to(self.dtype), timesteps, self.embeds, added_cond_kwargs=self.conditions
            ).sample
        snr = compute_snr(self.schedule, timesteps)
        losses = (prediction.float() - noise).square().mean(dim=(1, 2, 3))
        loss = (losses * snr.clamp(max=5) / snr).mean()
        self.scaler.scale(loss).backward()
        loss.item()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()

    def steps(self, count):
        """Takes steps. Returns the seconds of each."""
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - start)
        return seconds


def main(job):
    """Trains, and returns the times and the memory use."""
    import torch

    file_bytes = resident_file_bytes()
    seconds = LeanTraining(job).steps(job.steps)
    on_gpu = job.device.startswith("cuda")
    return {
        "seconds": seconds,
        "cuda_peak_bytes": torch.cuda.max_memory_allocated(job.device) if on_gpu else None,
        "mapped_weight_bytes": max(0, resident_file_bytes() - file_bytes),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    print(json.dumps(main(Job(**json.loads(sys.argv[1])))))
