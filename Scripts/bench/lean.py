"""A lean training loop on diffusers and peft. The other loops are made from it.

It trains on random latents and text embeddings, which lora-train has in its caches, so it loads neither
VAE nor text encoders.
"""

import time

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


class LeanTraining:
    """SDXL's UNet with adapters, and their optimizer, on random latents and text embeddings."""

    fused = True  # AdamW in one kernel
    snr_gamma = 5  # of the min-SNR weights of the loss; None: no weights

    def __init__(self, job):
        """Loads the UNet and makes the inputs of all steps."""
        import torch
        from diffusers import DDPMScheduler, UNet2DConditionModel

        torch.set_num_threads(job.threads)
        torch.manual_seed(0)
        self.dtype = getattr(torch, DTYPES[job.precision])
        self.device, self.kind = job.device, job.device.split(":")[0]
        unet = UNet2DConditionModel.from_pretrained(job.model, subfolder="unet", dtype=self.dtype)
        unet = unet.requires_grad_(False).to(job.device)
        self.unet = unet.train()
        adapters = self.attach(job)
        self.set_up_adapters()
        self.set_checkpointing(job.gradient_checkpointing)
        self.trained = [parameter for parameter in adapters.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-4, fused=self.fused)
        self.schedule = DDPMScheduler.from_pretrained(job.model, subfolder="scheduler")
        self.scaler = torch.amp.GradScaler(self.kind, enabled=self.dtype == torch.float16)
        self.set_inputs(job.batch_size, job.resolution)

    def attach(self, job):
        """Adds adapters to the UNet. Returns the module that has them."""
        from peft import LoraConfig

        self.unet.add_adapter(LoraConfig(
            r=job.rank, lora_alpha=job.rank, init_lora_weights="gaussian",
            use_dora=job.adapter == "dora", target_modules=list(job.targets)
        ))
        return self.unet

    def set_up_adapters(self):
        """Keeps the adapters in float32. diffusers adds them in the UNet's precision."""
        import torch
        from diffusers.training_utils import cast_training_params

        cast_training_params(self.unet, dtype=torch.float32)

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

    def model_input(self, noisy):
        """The noisy latents as the UNet gets them."""
        return noisy.to(self.dtype)

    def loss(self, prediction, noise, timesteps):
        """The mean squared error, with min-SNR weights if there is a gamma."""
        from diffusers.training_utils import compute_snr

        losses = (prediction - noise).square().mean(dim=(1, 2, 3))
        if self.snr_gamma is not None:
            snr = compute_snr(self.schedule, timesteps)
            losses = losses * snr.clamp(max=self.snr_gamma) / snr
        return losses.mean()

    def step(self):
        """One optimizer step."""
        import torch

        latents = self.latents()
        noise = torch.randn_like(latents)
        count = self.schedule.config.num_train_timesteps
        timesteps = torch.randint(0, count, (len(latents),), device=self.device)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        with torch.autocast(self.kind, self.dtype, enabled=self.dtype != torch.float32):
            prediction = self.unet(
                self.model_input(noisy), timesteps, self.embeds, added_cond_kwargs=self.conditions
            ).sample
        loss = self.loss(prediction.float(), noise.float(), timesteps)
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
