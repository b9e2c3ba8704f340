"""An event file as TensorBoard's own record writer writes it, and checksums."""

import json

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1700000000.25
# The first bytes of a PNG file, which stand for a picture.
PICTURE = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 2
TEXT = "| option | value |\n| --- | --- |\n| subject | `größe` |"
# The test vectors of RFC 3720, appendix B.4, and a few more.
VECTORS = [b"", b"a", b"123456789", bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(31, -1, -1))]


def summaries():
    """The values of each step."""
    value = summary_pb2.Summary.Value
    scalars = [
        value(tag="loss/train", simple_value=0.125), value(tag="learning_rate/unet", simple_value=3e-4)]
    picture = summary_pb2.Summary.Image(
        height=2, width=300, colorspace=3, encoded_image_string=PICTURE)
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"))
    text = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING, tensor_shape=tensor_shape_pb2.TensorShapeProto(),
        string_val=[TEXT.encode()])
    return [
        (7, [value(tag="settings", metadata=metadata, tensor=text)]),
        (8, scalars),
        (300, [value(tag="samples", image=picture)]),
        (2**40, [value(tag="loss/train", simple_value=-0.0)]),
    ]


def make(output, options):
    """Writes events/."""
    folder = output / "events"
    folder.mkdir(exist_ok=True)
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    with open(folder / "events", "wb") as file:
        writer = RecordWriter(file)
        for event in [
            event_pb2.Event(wall_time=TIME, file_version="brain.Event:2"),
            event_pb2.Event(wall_time=TIME, step=7, session_log=start),
            *(event_pb2.Event(wall_time=TIME, step=step, summary=summary_pb2.Summary(value=values))
              for step, values in summaries()),
        ]:
            writer.write(event.SerializeToString())
    sums = [{"bytes": list(vector), "crc32c": crc32c(vector)} for vector in VECTORS]
    (folder / "crc32c.json").write_text(json.dumps(sums) + "\n")
