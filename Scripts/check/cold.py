"""A first training of one step, with empty caches: how long each phase takes."""

import re

import trainings


def main(settings, emit):
    place = trainings.root(settings)
    trainings.remove(place)
    variant = trainings.Variant("cold", 1)
    finished, run = trainings.train(settings, variant, place=place)
    phases = {}
    for message, after in zip(finished.messages, [*finished.messages[1:], None]):
        end = after.seconds if after else finished.seconds
        name = re.sub(r": \d+ of \d+$", "", message.text)
        phases[name] = phases.get(name, 0) + end - message.seconds
    first = finished.messages[0].seconds if finished.messages else finished.seconds
    emit("before the first message", seconds=first)
    for name, seconds in phases.items():
        emit("phase", begins_with=name[:100], seconds=seconds)
    emit("whole", **trainings.measured(variant, finished, run))
    again, run = trainings.train(settings, variant, place=place)
    emit("whole, with caches", **trainings.measured(variant, again, run))
