"""Code of all trainings: Muon and AdamW, an average of the weights, a cosine learning rate."""

import math
import time

import torch


def orthogonalized(gradients, steps=5):
    """Newton-Schulz iteration of Muon (Jordan et al. 2024) on a stack of matrices [N, m, n]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = gradients.bfloat16()
    tall = x.size(-2) > x.size(-1)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal, for matrices and flattened convolutions; steps as large as AdamW's."""

    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(
            parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay)
        )

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            # A text encoder's unused last layer has no gradient.
            for p in (p for p in group["params"] if p.grad is not None):
                state = self.state[p]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
                by_shape.setdefault(tuple(update.shape), []).append((p, update))
            for (rows, columns), members in by_shape.items():
                updates = orthogonalized(torch.stack([update for _, update in members]))
                updates *= 0.2 * math.sqrt(max(rows, columns))
                for (p, _), update in zip(members, updates):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(update.view_as(p), alpha=-group["lr"])


class Training:
    """Optimizers, learning rate and averaged weights of modules that train for a given time."""

    # AdamW suits first and last layers and embeddings better.
    not_muon = ("embedding", "conv_in", "conv_out", "quant_conv", "add_embedding.linear_1")

    def __init__(self, modules, lr, seconds, average=0.998, warmup=60):
        named = [(n, p) for m in modules for n, p in m.named_parameters() if p.requires_grad]
        self.parameters = [p for _, p in named]
        matrices = [
            p
            for n, p in named
            if p.ndim > 1
            and min(p.flatten(1).shape) >= 16
            and not any(part in n for part in self.not_muon)
        ]
        chosen = {id(p) for p in matrices}
        others = [p for p in self.parameters if id(p) not in chosen]
        self.optimizers = [
            torch.optim.AdamW(others, lr=lr, betas=(0.9, 0.99), weight_decay=0.0),
            Muon(matrices, lr),
        ]
        self.average = [p.detach().clone() for p in self.parameters]
        self.decay, self.lr, self.warmup = average, lr, warmup
        self.seconds, self.started, self.paused, self.iteration = seconds, time.time(), 0.0, 0

    @property
    def elapsed(self):
        """Seconds of training, without evaluations."""
        return time.time() - self.started - self.paused

    @property
    def done(self):
        return self.elapsed >= self.seconds

    def step(self, loss):
        """One update. The learning rate follows the clock, so that it ends at zero on any machine."""
        course = 0.5 + 0.5 * math.cos(math.pi * min(1, self.elapsed / self.seconds))
        lr = self.lr * min(1, (self.iteration + 1) / self.warmup) * course + 1e-6
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = lr
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.iteration += 1
        decay = min(self.decay, (self.iteration + 20) / (self.iteration + 30))
        torch._foreach_lerp_(self.average, [p.data for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def swap(self):
        """Exchanges the weights and their average."""
        for p, average in zip(self.parameters, self.average):
            p.data, average.data = average.data, p.data

    def evaluating(self):
        """A block with the averaged weights, whose time does not count."""
        return _Evaluation(self)


class _Evaluation:
    def __init__(self, training):
        self.training = training

    def __enter__(self):
        self.started = time.time()
        self.training.swap()

    def __exit__(self, *_):
        self.training.swap()
        self.training.paused += time.time() - self.started
