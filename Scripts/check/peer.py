"""Diffusers and peft in a process that stays loaded: it reads jobs, one JSON object a line, and answers
each with one."""

import json
import resource
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "bench"))


class Peer:
    """The process, for a `with` statement."""

    def __init__(self, settings):
        self.settings = settings

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.settings.text()], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, work, **job):
        """Lets it do a job and returns its answer. Raises RuntimeError if the job fails."""
        self.process.stdin.write(json.dumps({"work": work, **job}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"diffusers ended with exit {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"diffusers: {answer['error']}")
        return answer


class Worker:
    """The work of the process."""

    def __init__(self, settings):
        self.settings = settings

    @cached_property
    def training(self):
        """The lean training, which is loaded when it is first used."""
        from lean import LeanTraining
        from measured import Job

        settings = self.settings
        return LeanTraining(Job(
            str(settings.model), 1, settings.resolution, settings.rank, settings.pick(8, 1),
            settings.precision, settings.device, False))

    @cached_property
    def pipeline(self):
        """The pipeline that draws."""
        import torch
        from diffusers import StableDiffusionXLPipeline

        dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[self.settings.precision]
        pipeline = StableDiffusionXLPipeline.from_pretrained(
            self.settings.model, torch_dtype=dtype).to(self.settings.device)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def load(self):
        """Loads the training."""
        start = time.perf_counter()
        self.prepare(1, False)
        return {"side": "diffusers + peft", "seconds": time.perf_counter() - start}

    def train(self, steps, batch=1, checkpointing=False, encodes=False):
        """Takes training steps. With `encodes`, as diffusers' script train_dreambooth_lora_sdxl.py: its
        VAE encodes the images of each step in float32, and its AdamW is not fused."""
        import torch

        training = self.prepare(batch, checkpointing)
        training.optimizer = torch.optim.AdamW(training.trained, lr=1e-4, fused=not encodes)
        if encodes:
            training.latents = self.encoding(batch)
        self.reset_peak()
        try:
            seconds = training.steps(steps)
        finally:
            if encodes:
                del training.latents
        steady = sorted(seconds[2:] or seconds)
        return {
            "side": "diffusers + peft" + (", its script" if encodes else ", lean"), "batch": batch,
            "checkpointing": checkpointing, "precision": self.settings.precision, "steps": steps,
            "ms_per_step": 1000 * steady[len(steady) // 2], "first_step_ms": 1000 * seconds[0],
            "fastest_ms": 1000 * steady[0], "peak_gib": self.peak(), "torch": torch.__version__,
        }

    def prepare(self, batch, checkpointing):
        """The training with these settings."""
        self.training.set_checkpointing(checkpointing)
        self.training.set_inputs(batch, self.settings.resolution)
        return self.training

    def encoding(self, batch):
        """A function that encodes random images with the VAE in float32, as diffusers' script does."""
        from dreambooth import encode, load_vae, random_pixels

        settings = self.settings
        vae = load_vae(settings.model, settings.device)
        pixels = random_pixels(batch, settings.resolution, settings.device)
        return lambda: encode(vae, pixels)

    def profile(self, file, kind):
        """Records one training step or one drawing step, after two others."""
        from torch.profiler import profile

        step = self.prepare(1, False).step if kind == "training" else self.drawing_step()
        for _ in range(2):
            step()
        self.wait()
        with profile() as recording:
            step()
            self.wait()
        recording.export_chrome_trace(file)
        return {"file": file}

    def drawing_step(self):
        """One prediction of the UNet with guidance, and one step of the sampler."""
        import torch

        side = self.settings.resolution // 8
        unet = self.pipeline.unet
        self.training.set_inputs(2, self.settings.resolution)
        latents = torch.randn(1, 4, side, side, device=self.settings.device, dtype=unet.dtype)
        scheduler = self.pipeline.scheduler

        def step():
            scheduler.set_timesteps(30, device=self.settings.device)
            time = scheduler.timesteps[0]
            with torch.no_grad():
                model_input = scheduler.scale_model_input(torch.cat([latents] * 2), time)
                bad, good = unet(
                    model_input, time, self.training.embeds,
                    added_cond_kwargs=self.training.conditions).sample.chunk(2)
                scheduler.step(bad + 5 * (good - bad), time, latents)

        return step

    def draw(self, steps, seed):
        """Draws a picture. Returns the seconds of its latents and of its decoding."""
        import torch

        self.reset_peak()
        start = time.perf_counter()
        latents = self.pipeline(
            "a photo of a dog", num_inference_steps=steps, guidance_scale=5.0,
            width=self.settings.resolution, height=self.settings.resolution, output_type="latent",
            generator=torch.Generator("cpu").manual_seed(seed)).images
        self.wait()
        middle = time.perf_counter()
        vae = self.pipeline.vae
        with torch.no_grad():
            vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor).sample.float().cpu()
        return {"side": "diffusers", "steps": steps, "latents_seconds": middle - start,
                "decode_seconds": time.perf_counter() - middle, "peak_gib": self.peak()}

    def wait(self):
        import torch

        if self.settings.device == "cuda":
            torch.cuda.synchronize()

    def release(self):
        """Returns the GPU memory that no tensor uses, because lora-train runs next."""
        import torch

        if self.settings.device == "cuda":
            if "training" in self.__dict__:
                self.training.optimizer.zero_grad()
            torch.cuda.empty_cache()

    def reset_peak(self):
        import torch

        if self.settings.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self):
        """The peak of tensors on the GPU since the last reset, or of the process on the CPU, in GiB."""
        import torch

        if self.settings.device == "cuda":
            return torch.cuda.max_memory_allocated() / 2**30
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(text):
    """Answers jobs until standard input ends."""
    from settings import Settings

    worker = Worker(Settings(**json.loads(text)))
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = getattr(worker, job.pop("work"))(**job)
        except Exception as error:  # the next job may still succeed, with less memory for instance
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        worker.release()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
