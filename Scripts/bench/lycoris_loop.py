"""The lean loop with the adapters of lycoris-lora."""

import contextlib
import re
import sys

from lean import LeanTraining


class LycorisTraining(LeanTraining):
    """LoHa or LoKr in the same layers as peft's adapters. lycoris-lora keeps them in float32."""

    def attach(self, job):
        """Puts lycoris-lora's modules before the layers. Returns the network that has them. Its notes go to
        standard error."""
        with contextlib.redirect_stdout(sys.stderr):
            return self.network(job)

    def network(self, job):
        """The network in its layers."""
        from lycoris.wrapper import LycorisNetwork

        LycorisNetwork.apply_preset({
            "enable_conv": False, "target_module": [],
            "target_name": [rf".*\.{re.escape(target)}$" for target in job.targets],
        })
        network = LycorisNetwork(
            self.unet, 1.0, lora_dim=job.rank, alpha=job.rank, network_module=job.adapter, factor=-1)
        network.apply_to()
        return network.train()

    def set_up_adapters(self):
        """They are in float32 already."""
