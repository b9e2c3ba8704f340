"""A safetensors writer that takes tensors one at a time and always writes the same bytes."""

import json

import torch

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.uint8: "U8",
}


def write_file(path, shapes, tensor, metadata):
    """Writes a file of `shapes` ({name: (dtype, shape)}); `tensor(name)` is called once for each.

    The library's own writer keeps metadata in a hash map, whose order differs between runs.
    """
    header, offset = {"__metadata__": metadata}, 0
    for name, (dtype, shape) in shapes.items():
        end = offset + torch.Size(shape).numel() * dtype.itemsize
        header[name] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in shapes:
            value = tensor(name).detach().contiguous()
            file.write(value.reshape(-1).view(torch.uint8).numpy())


def write_tensors(path, tensors, metadata):
    """Writes tensors that are in memory, sorted by name."""
    tensors = dict(sorted(tensors.items()))
    shapes = {name: (value.dtype, value.shape) for name, value in tensors.items()}
    write_file(path, shapes, tensors.__getitem__, metadata)
