"""What is wrong with a LoRA file, by the readings of several programs."""

from collections import defaultdict

import torch

from .programs import PROGRAMS


def findings(file, layers, programs):
    """Everything that keeps these programs from drawing the same with a file: tensors not taken,
    wrong shapes, layers met twice or by one program only, and strengths that differ, also without
    the metadata. Empty if all is well."""
    found, strengths = [], defaultdict(dict)
    for program in programs:
        loaded = PROGRAMS[program](layers, file)
        if loaded.refusal:
            found.append(f"{program} refuses the file: {loaded.refusal}")
            continue
        if left := loaded.left(file):
            share = f"{len(left)} of {len(file.tensors)} tensors"
            found.append(f"{program} does not take {share}, such as {left[0]}")
        for layer, updates in loaded.layers.items():
            names = [update.down for update in updates]
            if len(names) > 1:
                found.append(f"{program} has several tensors for {layer.sgm}: {', '.join(names)}")
            found += [f"{program}: {text}" for text in misshapen(file, layer, updates)]
            strengths[layer][program] = updates[0].strength
        for layer, updates in PROGRAMS[program](layers, file.stripped()).layers.items():
            strengths[layer][f"{program} without metadata"] = updates[0].strength
    for layer, readings in strengths.items():
        missing = [program for program in programs if program not in readings]
        if missing:
            found.append(f"{layer.sgm} gets nothing in {', '.join(missing)}")
        if max(readings.values()) > min(readings.values()) * (1 + 1e-6):
            each = ", ".join(f"{strength:g} in {name}" for name, strength in readings.items())
            found.append(f"{layer.sgm} has strength {each}")
    if not strengths:
        found.append("the file has no layer that these programs know")
    return found


def misshapen(file, layer, updates):
    """Matrices whose shapes do not fit the layer, and alphas that are not single numbers."""
    shapes = file.shapes
    for update in updates:
        expected = layer.matrices(shapes[update.down][0])
        for name, shape in zip((update.down, update.up), expected):
            if shapes[name] != shape:
                yield f"{name} has shape {shapes[name]}, and {layer.sgm} needs {shape}"
        alpha = update.down.removesuffix(".lora_down.weight") + ".alpha"
        if shapes.get(alpha, ()) != ():
            yield f"{alpha} has shape {shapes[alpha]}, and must be a single number"


def changes(file, layers, program):
    """What a program adds to the weight of each layer, as two factors: strength * up, and down."""
    factors = {}
    for layer, updates in PROGRAMS[program](layers, file).layers.items():
        names = updates[0].down, updates[0].up
        down, up = (file.tensors[name].double().flatten(1) for name in names)
        factors[layer] = updates[0].strength * up, down
    return factors


def largest_difference(ours, theirs):
    """The largest difference of two files' changes of a weight, relative to theirs, in the
    Frobenius norm. Infinite if they change other layers."""
    if ours.keys() != theirs.keys():
        return float("inf")
    return max(difference(ours[layer], theirs[layer]) for layer in theirs)


def difference(one, other):
    """|A - B| / |B| for A and B in factors, in fp64 and without their products."""
    ups, downs = torch.cat([one[0], -other[0]], dim=1), torch.cat([one[1], other[1]])
    return norm(ups, downs) / norm(*other)


def norm(up, down):
    """The Frobenius norm of up @ down."""
    return float(((up.T @ up) * (down @ down.T)).sum().clamp_min(0).sqrt())
