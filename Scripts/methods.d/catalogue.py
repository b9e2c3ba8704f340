"""The methods that are compared, and their learning rates."""

from dataclasses import dataclass

# In how many of 24 pictures a subject must be recognised. Four of the teapot's are on red, and this base model
# leaves its orange spout and handle out there, however long it is trained.
ENOUGH = {"rocket": 22, "dhoni": 22, "teapot": 18}
SUBJECTS = tuple(ENOUGH)
SEEDS = (1, 2)
# The most that a run has.
STEPS = 800
# The one that all others are compared with.
REFERENCE = "adamw"
# Weights at a constant rate jump from step to step, and so do the pictures. Their average does not.
AVERAGE = ("--ema", "0.98")


@dataclass(frozen=True)
class Method:
    """Options of lora-train beside those of the subject's configuration file. `tried` are the learning rates
    that were tried on the first subject and seed, `rate` is the best of them. One that finds its own rate
    has 1 and tries none. `average` adds a moving average of the weights, which is then scored."""

    name: str
    title: str
    options: tuple[str, ...] = ()
    rate: float = 2.5e-3
    tried: tuple[float, ...] = ()
    average: bool = True

    def flags(self, rate):
        """The options with a learning rate."""
        return [*self.options, "--learning-rate", f"{rate:g}", *(AVERAGE if self.average else ())]

    @property
    def file(self):
        """The name of the file that is scored in a checkpoint."""
        return "ema.safetensors" if self.average else "adapter.safetensors"

    @property
    def finds_rate(self):
        """Whether the optimizer finds its own rate."""
        return self.rate == 1


def optimizer(name, options=(), title=None, **fields):
    """A method that is an optimizer, named as its option."""
    return Method(name, title or f"`{name}`", ("--optimizer", name, *options), **fields)


def adapter(name, options=(), title=None, **fields):
    """A method that is a kind of adapter, named as its option, with AdamW."""
    return Method(name, title or f"`--adapter {name}`", ("--adapter", name, *options), **fields)


# Of adafactor: the learning rate that is given, whatever the size of a tensor.
FIXED = ("--no-adafactor-relative-step", "--no-adafactor-scale-parameter")
LARGE = ("--rank", "48", "--alpha", "16")


OPTIMIZERS = (
    optimizer("adamw", rate=2.5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    # 8-bit AdamW and what it is to be compared with. It only rounds AdamW's averages, so the rate is AdamW's.
    # Tensors of a lower rank are so small that they keep averages in 32 bits.
    Method("rank-48", "`adamw`, `--rank 48 --alpha 16`", LARGE),
    optimizer("adamw-8bit", options=LARGE, title="`adamw-8bit`, `--rank 48 --alpha 16`", rate=2.5e-3),
    optimizer("adafactor", options=FIXED, rate=5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    optimizer("lion", rate=5e-4, tried=(2.5e-4, 5e-4, 1e-3)),
    optimizer("prodigy", rate=1),
    optimizer("adamw-schedule-free", rate=5e-3, tried=(5e-3, 2.5e-3, 1e-2), average=False),
)
ADAPTERS = (
    adapter("rslora", rate=1.2e-3, tried=(1.2e-3, 6e-4, 2.5e-3)),
    adapter("dora", rate=2.5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    adapter("loha", rate=1e-3, tried=(1e-3, 2.5e-3, 5e-4)),
    # The layers of the demo model are so small that the default factor leaves 128 numbers of a layer.
    adapter("lokr", options=("--lokr-factor", "2"), title="`--adapter lokr --lokr-factor 2`",
            rate=5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
)
OPTIONS = (
    Method("no-average", "`adamw`, weights without the average", average=False),
    Method("adafactor-relative", "`adafactor` with relative steps",
           ("--optimizer", "adafactor", "--adafactor-relative-step", "--adafactor-scale-parameter"), rate=1),
    Method("prodigy-d0", "`prodigy`, `--prodigy-d0 1e-5`",
           ("--optimizer", "prodigy", "--prodigy-d0", "1e-5"), rate=1),
    Method("prodigy-d-coef", "`prodigy`, `--prodigy-d-coef 1.5`",
           ("--optimizer", "prodigy", "--prodigy-d-coef", "1.5"), rate=1),
    Method("prodigy-uncorrected", "`prodigy`, `--no-prodigy-bias-correction`",
           ("--optimizer", "prodigy", "--no-prodigy-bias-correction"), rate=1),
    Method("attention-ff", "`--targets attention-ff`", ("--targets", "attention-ff")),
    Method("full", "`--targets full`", ("--targets", "full")),
    Method("lora-plus", "`--lora-plus-ratio 16`", ("--lora-plus-ratio", "16"),
           rate=6e-4, tried=(6e-4, 1.2e-3, 3e-4)),
    Method("preservation-output", "`--preservation output`", ("--preservation", "output")),
)
METHODS = {method.name: method for method in (*OPTIMIZERS, *ADAPTERS, *OPTIONS)}
