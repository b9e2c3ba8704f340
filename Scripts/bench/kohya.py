"""The settings of kohya's sd-scripts with cached latents and text embeddings, on diffusers and peft."""

from lean import LeanTraining


class KohyaTraining(LeanTraining):
    """Adapters in float32 get their inputs in the precision of autocast, and gradients reach the noisy
    latents. Its layers are those of the job."""

    fused = False
    snr_gamma = None

    def set_up_adapters(self):
        """Keeps the adapters in float32 and their inputs as they are, which sd-scripts' LoRA does."""
        from peft.tuners.tuners_utils import BaseTunerLayer

        super().set_up_adapters()
        for module in self.unet.modules():
            if isinstance(module, BaseTunerLayer):
                module.cast_input_dtype_enabled = False

    def model_input(self, noisy):
        """The noisy latents, with gradients."""
        return super().model_input(noisy.requires_grad_())
