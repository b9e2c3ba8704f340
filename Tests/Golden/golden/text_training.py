"""Five AdamW steps of LoRAs on tiny-sdxl's UNet and text encoders, by PyTorch, transformers and peft."""

import torch
from diffusers import DDPMScheduler
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from .fixture import generator, write
from .models import load, tokens
from .sdxl import SCHEDULER
from .training import BASE, STEPS, adapted_unet, micro_batch_loss

TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj"]
WORD = "zebra-toy"
VECTOR_RATE = 2e-3
CAPTIONS = [
    "a photo of sks dog", "sks dog on the beach, at night", "", f"two cats and a {WORD}",
    f"a {WORD}, a {WORD}",
]
TEXT = {"rank": 4, "alpha": 4, "batch_size": 2, "max_grad_norm": 0.22, "captions": CAPTIONS}
CASES = {
    "both": {"encoders": [1, 2], "text_rates": [5e-4, 2e-4]},
    "first": {"encoders": [1], "text_rates": [1e-3]},
    "second-accumulation": {
        "encoders": [2], "text_rates": [1e-3], "gradient_accumulation": 2,
        "targets": [*TARGETS, "fc1", "fc2"],
    },
    # A new word of two vectors: alone, and with all adapters (pivotal tuning).
    "embedding": {"encoders": [], "text_rates": [], "vectors": 2, "unet": False},
    "pivotal": {
        "encoders": [1, 2], "text_rates": [5e-4, 2e-4], "vectors": 3, "gradient_accumulation": 2,
    },
    # After three steps the encoders stay as they are.
    "both-stopped": {"encoders": [1, 2], "text_rates": [1e-3, 1e-3], "stop_at": 3},
}


def adapt(encoder, number, config):
    """Adds an adapter whose matrices are both random."""
    encoder.requires_grad_(False)
    targets = config.get("targets", TARGETS)
    encoder.add_adapter(
        LoraConfig(r=config["rank"], lora_alpha=config["alpha"], target_modules=targets))
    rng = generator(f"text-training/adapter-{number}")
    with torch.no_grad():
        for key, parameter in encoder.named_parameters():
            if "lora_" in key:
                deviation = 1 / config["rank"] if "lora_A" in key else 0.12
                parameter.copy_(torch.randn(parameter.shape, generator=rng) * deviation)
    return encoder


def adapters(encoders):
    """The tensors of the encoders' adapters, with transformers' older names of the layers."""
    def name(key):
        return key if key.startswith("text_model.") else f"text_model.{key}"

    return {
        f"text_encoder{'_2' if number == 2 else ''}.{name(key)}": value.clone()
        for number, encoder in encoders.items()
        for key, value in get_peft_model_state_dict(encoder).items() if "lora_" in key
    }


class Word:
    """A new word whose vectors are trained, as in diffusers' train_dreambooth_lora_sdxl_advanced.py: the
    whole table has gradients, those of other rows are zero, and after a step the other rows are restored
    and the new ones moved to the deviation of the table."""

    def __init__(self, pipe, name, count):
        rng = generator(f"text-training/vectors-{count}")
        self.tables = []
        for tokenizer, encoder in (
            (pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)
        ):
            tokenizer.add_tokens([name] + [f"{name}_{index}" for index in range(1, count)])
            old = encoder.get_input_embeddings().weight.data
            encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
            table = encoder.get_input_embeddings().weight
            table.requires_grad_(True)
            with torch.no_grad():
                table[len(old):] = torch.randn((count, old.shape[1]), generator=rng) * 0.03
            self.tables.append((table, len(old), table.data.clone(), old.std()))

    def rows(self):
        """The vectors, by their names in files."""
        return {
            name: table.data[start:].clone()
            for name, (table, start, _, _) in zip(("clip_l", "clip_g"), self.tables, strict=True)
        }

    def mask(self):
        """Leaves only the gradients of the new rows."""
        for table, start, _, _ in self.tables:
            table.grad[:start] = 0

    @torch.no_grad()
    def retract(self):
        """Restores the other rows, and moves the new ones to the table's deviation."""
        for table, start, original, deviation in self.tables:
            table[:start] = original[:start]
            table[start:] *= (deviation / table[start:].std()) ** 0.1


def encode(pipe, captions):
    """The embeddings of captions: both encoders' penultimate states, the second one's pooled vector."""
    captions = [pipe.maybe_convert_prompt(caption, pipe.tokenizer) for caption in captions]
    first = pipe.text_encoder(tokens(pipe.tokenizer, captions), output_hidden_states=True)
    second = pipe.text_encoder_2(tokens(pipe.tokenizer_2, captions), output_hidden_states=True)
    states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    return states, second.text_embeds


def inputs_of(name, config):
    """All random values of a run, each [steps, accumulation, batch, ...]."""
    rng = generator(f"text-training/{name}")
    lead = (STEPS, config["gradient_accumulation"], config["batch_size"])
    return {
        "latents": torch.randn((*lead, 4, 8, 8), generator=rng),
        "noise": torch.randn((*lead, 4, 8, 8), generator=rng),
        "timesteps": torch.randint(0, 1000, lead, generator=rng),
        "captions": torch.randint(0, len(CAPTIONS), lead, generator=rng),
        "time_ids": torch.tensor([64, 64, 0, 0, 64, 64]).expand(*lead, 6).contiguous(),
    }


def train(output, name, config):
    """Runs one case and writes it."""
    pipe = load(output)
    # Without adapters of its own, the UNet is the base model's.
    unet = adapted_unet(output, config) if config.get("unet", True) else pipe.unet.train()
    both = {1: pipe.text_encoder, 2: pipe.text_encoder_2}
    for encoder in both.values():
        encoder.requires_grad_(False)
    word = Word(pipe, WORD, config["vectors"]) if "vectors" in config else None
    table_rates = [table for table, *_ in word.tables] if word else []
    encoders = {number: adapt(both[number], number, config) for number in config["encoders"]}
    for table in table_rates:
        table.requires_grad_(True)
    schedule = DDPMScheduler.from_config(SCHEDULER, prediction_type="epsilon")
    if not config.get("unet", True):
        unet.requires_grad_(False)
    groups = [{"params": [p for p in unet.parameters() if p.requires_grad]}]
    for encoder, rate in zip(encoders.values(), config["text_rates"], strict=True):
        adapter = [p for key, p in encoder.named_parameters() if "lora_" in key]
        groups.append({"params": adapter, "lr": rate})
    if word:
        groups.append({"params": table_rates, "lr": VECTOR_RATE})
    groups = [group for group in groups if group["params"]]
    parameters = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(
        groups, lr=config["learning_rate"], betas=config["betas"], eps=config["epsilon"],
        weight_decay=config["weight_decay"])
    inputs, initial = inputs_of(name, config), adapters(encoders) | (word.rows() if word else {})
    losses, norms = [], []
    for step in range(STEPS):
        if step == config.get("stop_at"):
            for encoder in encoders.values():
                encoder.requires_grad_(False)
        total = torch.zeros(())
        for micro in range(config["gradient_accumulation"]):
            batch = {key: value[step, micro] for key, value in inputs.items()}
            captions = [CAPTIONS[index] for index in batch.pop("captions")]
            states, pooled = encode(pipe, captions)
            loss, _ = micro_batch_loss(
                unet, schedule, config, prompt_embeds=states, pooled_embeds=pooled, **batch)
            (loss / config["gradient_accumulation"]).backward()
            total += loss.detach() / config["gradient_accumulation"]
        if word:
            word.mask()
        losses.append(total)
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, config["max_grad_norm"]))
        optimizer.step()
        optimizer.zero_grad()
        if word:
            word.retract()
    print(f"  {name}: losses {[f'{x:.4f}' for x in losses]} norms {[f'{x:.3f}' for x in norms]}")
    tensors = {f"in.{key}": value for key, value in inputs.items()}
    tensors |= {"out.losses": torch.stack(losses), "out.grad_norms": torch.stack(norms)}
    tensors |= {f"initial.{key}": value for key, value in initial.items()}
    tensors |= {f"final.{key}": value for key, value in adapters(encoders).items()}
    tensors |= {f"final.{key}": value for key, value in (word.rows() if word else {}).items()}
    if config.get("unet", True):
        tensors |= {
            f"final.unet.{key}": value.clone()
            for key, value in get_peft_model_state_dict(unet).items() if "mid_block." in key
        }
    source = "torch.optim.AdamW and peft on tiny-sdxl's UNet and transformers' text encoders"
    write(output / "text-training" / name, tensors, source, config)


def make(output, options):
    """Writes text-training/."""
    for name, changes in CASES.items():
        train(output, name, BASE | TEXT | changes)
