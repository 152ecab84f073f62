"""Reads our records with Google's protobuf, writes them back, and writes two of its own.

Called by `cargo xtask interop` as `interop.py FOLDER`, where FOLDER holds `rust/*.bin`, records that
this repository's encoder wrote, and `generated/`, Python types made from the schema.
"""

import pathlib
import sys

import zstandard
from google.protobuf import unknown_fields

folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder / "generated"))
from dashstream.v1 import dashstream_pb2 as v1  # noqa: E402


def payload_of(record):
    if record[0] == 0:
        return record[1:]
    assert record[0] == 1, record[0]
    return zstandard.ZstdDecompressor().decompress(record[1:])


def write(name, message, compress):
    payload = message.SerializeToString()
    if compress:
        record = b"\x01" + zstandard.ZstdCompressor(level=3).compress(payload)
    else:
        record = b"\x00" + payload
    (folder / "python" / name).write_bytes(record)


def header(sequence, kind):
    return v1.Header(
        message_id=bytes(range(16)),
        timestamp_us=1_764_000_000_000_000,
        tenant_id="acme",
        thread_id="interop-ß-\U0001f600",
        sequence=sequence,
        type=kind,
        schema_version=1,
    )


def authored_event():
    event = v1.Event(
        header=header(2**53 + 1, v1.MESSAGE_TYPE_EVENT),
        event_type=v1.EVENT_TYPE_LLM_END,
        node_id="plan",
        duration_us=2**63 - 1,
    )
    event.attributes["int"].int_value = -(2**53) - 1
    event.attributes["float"].float_value = 0.1
    event.attributes["text"].string_value = "123abc"
    event.attributes["truth"].bool_value = False
    event.attributes["bytes"].bytes_value = b"\x00\xff"
    event.attributes["list"].array_value.values.add().int_value = 1
    event.attributes["list"].array_value.values.add().string_value = ""
    event.attributes["map"].map_value.values["k"].bool_value = True
    return v1.DashStreamMessage(event=event)


def authored_diff():
    diff = v1.StateDiff(
        header=header(2**64 - 1, v1.MESSAGE_TYPE_STATE_DIFF),
        base_checkpoint_id=b"\x01" * 16,
        state_hash=b"\x02" * 32,
    )
    diff.operations.add(op=v1.DiffOperation.OP_TYPE_ADD, path="/a/-", value=b'{"x":1}')
    diff.operations.add(op=v1.DiffOperation.OP_TYPE_MOVE, path="/b", **{"from": "/c"})
    diff.operations.add(
        op=v1.DiffOperation.OP_TYPE_TEST, path="", value=b"raw", encoding=v1.VALUE_ENCODING_RAW
    )
    return v1.DashStreamMessage(state_diff=diff)


(folder / "python").mkdir(exist_ok=True)
count = 0
for path in sorted((folder / "rust").glob("*.bin")):
    message = v1.DashStreamMessage()
    message.ParseFromString(payload_of(path.read_bytes()))
    kind = message.WhichOneof("message")
    assert kind is not None, path
    assert getattr(message, kind).HasField("header"), path
    assert len(unknown_fields.UnknownFieldSet(getattr(message, kind))) == 0, path
    write(path.name, message, compress=count % 2 == 1)
    count += 1
assert count > 100, count
write("authored-event.bin", authored_event(), compress=False)
write("authored-diff.bin", authored_diff(), compress=True)
print(f"python: {count} records read and written back")
