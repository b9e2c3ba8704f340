"""The first row of the training table once more: whether the machine has become slower."""

import trainings
from training import variants


def main(settings, emit):
    variant = variants(settings)[0]
    emit("step", **trainings.measured(variant, *trainings.train(settings, variant)))
