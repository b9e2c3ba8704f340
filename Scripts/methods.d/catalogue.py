"""The methods that are compared, and their learning rates."""

from dataclasses import dataclass

SUBJECTS = ("rocket", "dhoni", "teapot")
SEEDS = (1, 2)
# The one that all others are compared with.
REFERENCE = "adamw"


@dataclass(frozen=True)
class Method:
    """Options of lora-train beside those of the subject's configuration file. `tried` are the learning rates
    that were tried on the first subject and seed, `rate` is the best of them. One that finds its own rate
    has 1 and tries none. `average` scores the moving average of the weights."""

    name: str
    title: str
    options: tuple[str, ...] = ()
    rate: float = 2.5e-3
    tried: tuple[float, ...] = ()
    average: bool = False

    def flags(self, rate):
        """The options with a learning rate."""
        return [*self.options, "--learning-rate", f"{rate:g}"]

    @property
    def finds_rate(self):
        """Whether the optimizer finds its own rate."""
        return self.rate == 1


def optimizer(name, **fields):
    """A method that is an optimizer, named as its option."""
    return Method(name, f"`{name}`", ("--optimizer", name), **fields)


def adapter(name, **fields):
    """A method that is a kind of adapter, named as its option, with AdamW."""
    return Method(name, f"`--adapter {name}`", ("--adapter", name), **fields)


OPTIMIZERS = (
    optimizer("adamw", rate=2.5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    # The rate is AdamW's, whose averages it only rounds.
    optimizer("adamw-8bit", rate=2.5e-3),
    optimizer("adafactor", rate=1),
    optimizer("lion", rate=5e-4, tried=(2.5e-4, 5e-4, 1e-3)),
    optimizer("prodigy", rate=1),
    optimizer("adamw-schedule-free", rate=5e-3, tried=(5e-3, 2.5e-3, 1e-2)),
)
ADAPTERS = (
    adapter("rslora", rate=1.2e-3, tried=(1.2e-3, 6e-4, 2.5e-3)),
    adapter("dora", rate=2.5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    adapter("loha", rate=1e-3, tried=(1e-3, 5e-3, 2.5e-4)),
    adapter("lokr", rate=1e-2, tried=(3e-3, 1e-2, 3e-2)),
)
OPTIONS = (
    Method("adafactor-fixed", "`adafactor` with a fixed rate",
           ("--optimizer", "adafactor", "--no-adafactor-relative-step", "--no-adafactor-scale-parameter"),
           rate=2.5e-3, tried=(2.5e-3, 5e-3, 1.2e-3)),
    Method("prodigy-2", "`prodigy`, `--prodigy-d-coef 2`",
           ("--optimizer", "prodigy", "--prodigy-d-coef", "2"), rate=1),
    Method("prodigy-d0", "`prodigy`, `--prodigy-d0 1e-4`",
           ("--optimizer", "prodigy", "--prodigy-d0", "1e-4"), rate=1),
    Method("attention-ff", "`--targets attention-ff`", ("--targets", "attention-ff")),
    Method("full", "`--targets full`", ("--targets", "full")),
    Method("lora-plus", "`--lora-plus-ratio 16`", ("--lora-plus-ratio", "16"),
           rate=6e-4, tried=(6e-4, 1.2e-3, 3e-4)),
    Method("preservation-output", "`--preservation output`", ("--preservation", "output")),
    Method("ema", "`--ema 0.98`", ("--ema", "0.98"), average=True),
)
METHODS = {method.name: method for method in (*OPTIMIZERS, *ADAPTERS, *OPTIONS)}
