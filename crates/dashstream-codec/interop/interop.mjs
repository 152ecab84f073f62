// Reads our records with protobufjs, writes them back, and writes two of its own.
//
// Called by `cargo xtask interop` as `interop.mjs FOLDER SCHEMA`, where FOLDER holds `rust/*.bin`,
// records that this repository's encoder wrote, and `node_modules/`.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, schema] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const protobuf = require("protobufjs");
const Long = require("long");
const { decompress } = require("fzstd");
protobuf.util.Long = Long;
protobuf.configure();

const root = protobuf.loadSync(schema);
const Message = root.lookupType("dashstream.v1.DashStreamMessage");

const payloadOf = (record) => {
  if (record[0] === 0) return record.subarray(1);
  assert.equal(record[0], 1);
  return decompress(record.subarray(1));
};

// protobufjs 7 reads the entry of a map that has no value as null, where protobuf means the value's
// default, and cannot write null.
const withValues = (message) => {
  for (const [key, value] of Object.entries(message)) {
    if (value === null) message[key] = {};
    else if (typeof value === "object" && !Long.isLong(value) && !ArrayBuffer.isView(value)) {
      withValues(value);
    }
  }
  return message;
};

const write = (name, message) => {
  const payload = Message.encode(message).finish();
  writeFileSync(join(folder, "node", name), Buffer.concat([Buffer.from([0]), payload]));
};

const header = (sequence, type) => ({
  messageId: Uint8Array.from({ length: 16 }, (_, at) => at),
  timestampUs: Long.fromString("1764000000000000"),
  tenantId: "acme",
  threadId: "interop-ß-\u{1f600}",
  sequence: Long.fromString(sequence, true),
  type,
  schemaVersion: 1,
});

const authoredEvent = () =>
  Message.fromObject({
    event: {
      header: header("9007199254740993", "MESSAGE_TYPE_EVENT"),
      eventType: "EVENT_TYPE_LLM_END",
      nodeId: "plan",
      durationUs: Long.MAX_VALUE,
      attributes: {
        int: { intValue: Long.fromString("-9007199254740993") },
        float: { floatValue: 0.1 },
        text: { stringValue: "123abc" },
        truth: { boolValue: false },
        bytes: { bytesValue: Uint8Array.of(0, 255) },
        list: { arrayValue: { values: [{ intValue: 1 }, { stringValue: "" }] } },
        map: { mapValue: { values: { k: { boolValue: true } } } },
      },
    },
  });

const authoredDiff = () =>
  Message.fromObject({
    stateDiff: {
      header: header("18446744073709551615", "MESSAGE_TYPE_STATE_DIFF"),
      baseCheckpointId: new Uint8Array(16).fill(1),
      stateHash: new Uint8Array(32).fill(2),
      operations: [
        { op: "OP_TYPE_ADD", path: "/a/-", value: Buffer.from('{"x":1}') },
        { op: "OP_TYPE_MOVE", path: "/b", from: "/c" },
        { op: "OP_TYPE_TEST", path: "", value: Buffer.from("raw"), encoding: "VALUE_ENCODING_RAW" },
      ],
    },
  });

mkdirSync(join(folder, "node"), { recursive: true });
let count = 0;
for (const name of readdirSync(join(folder, "rust")).sort()) {
  const message = Message.decode(payloadOf(readFileSync(join(folder, "rust", name))));
  assert.ok(message[message.message].header, name);
  write(name, withValues(message));
  count += 1;
}
assert.ok(count > 100);
for (const [name, message] of [["event", authoredEvent()], ["diff", authoredDiff()]]) {
  // Only here: it refuses enum numbers that the schema does not name, which a reader has to keep.
  assert.equal(Message.verify(message), null);
  write(`authored-${name}.bin`, message);
}
console.log(`node: ${count} records read and written back`);
