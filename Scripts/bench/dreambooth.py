"""The operations of diffusers' own script, examples/dreambooth/train_dreambooth_lora_sdxl.py, with mixed
precision."""

from lean import DTYPES, LeanTraining


class ScriptTraining(LeanTraining):
    """A VAE in float32 encodes the image of each step. The text is embedded once, before the first step.
    Adapters have the precision of the UNet, but float32 beside float16."""

    fused = False
    snr_gamma = None

    def __init__(self, job):
        """Loads all models. The text encoders are in memory beside the UNet until the text is embedded."""
        import torch
        from diffusers import StableDiffusionXLPipeline

        self.vae = load_vae(job.model, job.device)
        self.text = StableDiffusionXLPipeline.from_pretrained(
            job.model, unet=None, vae=None, dtype=getattr(torch, DTYPES[job.precision])
        ).to(job.device)
        super().__init__(job)

    def set_up_adapters(self):
        """Leaves the adapters as diffusers adds them, except in float16."""
        import torch

        if self.dtype == torch.float16:
            super().set_up_adapters()

    def set_inputs(self, batch_size, resolution):
        """Embeds the text, releases its encoders and draws the pixels of the next steps."""
        import torch

        super().set_inputs(batch_size, resolution)
        with torch.no_grad():
            embeds, _, pooled, _ = self.text.encode_prompt(
                "a photo of a dog", do_classifier_free_guidance=False)
        del self.text
        self.embeds = embeds.repeat(batch_size, 1, 1)
        self.conditions["text_embeds"] = pooled.repeat(batch_size, 1)
        self.pixels = random_pixels(batch_size, resolution, self.device)

    def latents(self):
        """Encodes the images of a step."""
        return encode(self.vae, self.pixels).to(self.dtype)


def load_vae(model, device):
    """The VAE in float32."""
    import torch
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(model, subfolder="vae", dtype=torch.float32)
    return vae.requires_grad_(False).to(device)


def random_pixels(batch_size, resolution, device):
    """Images of noise, [B, 3, H, W] from -1 to 1."""
    import torch

    return torch.rand(batch_size, 3, resolution, resolution, device=device) * 2 - 1


def encode(vae, pixels):
    """Scaled latents of images."""
    return vae.encode(pixels).latent_dist.sample() * vae.config.scaling_factor
