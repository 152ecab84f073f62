//! A produce request written by hand, for batches that no client would send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// What the batch holds in place of records.
#[derive(Clone, Copy)]
pub enum Damage {
    /// Bytes that are called gzip and are not.
    BadCompression,
    /// Sound gzip around bytes that are no records.
    BadRecords,
}

/// Appends a batch that takes two offsets and holds no record.
pub fn append(brokers: &str, topic: &str, damage: Damage) {
    append_to(brokers, topic, 0, damage);
}

/// As [`append`], to any partition.
pub fn append_to(brokers: &str, topic: &str, partition: i32, damage: Damage) {
    let noise = [0xAB_u8; 64];
    let records = match damage {
        Damage::BadCompression => noise.to_vec(),
        Damage::BadRecords => gzip(&noise),
    };
    let batch = batch(&records, 2, GZIP, NOBODY);
    send(brokers, topic, partition, &batch);
}

/// Appends the marker with which a transaction ends: it takes one offset, and no consumer sees it.
pub fn append_marker(brokers: &str, topic: &str) {
    // A record: length, attributes, time and offset as differences, then key and value with their
    // lengths; numbers are zigzag varints. The key says version 0 and commit.
    let record = [32, 0, 0, 0, 8, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0, 0, 0];
    let (control, transactional) = (0x20, 0x10);
    send(
        brokers,
        topic,
        0,
        &batch(&record, 1, control | transactional, 7),
    );
}

fn send(brokers: &str, topic: &str, partition: i32, batch: &[u8]) {
    let mut broker = TcpStream::connect(brokers).unwrap();
    broker.write_all(&request(topic, partition, batch)).unwrap();
    let mut len = [0; 4];
    broker.read_exact(&mut len).unwrap();
    let mut response = vec![0; u32::from_be_bytes(len) as usize];
    broker.read_exact(&mut response).unwrap();
    // Correlation id, one topic, its name, one partition, its number; then the error code.
    let error = &response[4 + 4 + 2 + topic.len() + 4 + 4..][..2];
    assert_eq!(error, [0, 0], "the broker took the batch");
}

/// Kafka protocol, Produce version 3: one topic, one partition.
fn request(topic: &str, partition: i32, batch: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0_i16.to_be_bytes()); // Produce
    body.extend(3_i16.to_be_bytes());
    body.extend(1_i32.to_be_bytes()); // correlation id
    body.extend((-1_i16).to_be_bytes()); // no client id
    body.extend((-1_i16).to_be_bytes()); // no transaction
    body.extend(1_i16.to_be_bytes()); // acks
    body.extend(5_000_i32.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
    body.extend(topic.as_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(partition.to_be_bytes());
    body.extend(i32::try_from(batch.len()).unwrap().to_be_bytes());
    body.extend(batch);
    framed(body)
}

const GZIP: i16 = 1;
const NOBODY: i64 = -1;

/// A record batch of version 2 that says it has `count` records.
fn batch(records: &[u8], count: i32, attributes: i16, producer: i64) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend((-1_i32).to_be_bytes()); // leader assignment
    body.push(2); // magic
    body.extend(0_u32.to_be_bytes()); // a checksum that nobody checks by default
    body.extend(attributes.to_be_bytes());
    body.extend((count - 1).to_be_bytes());
    body.extend([0; 16]); // timestamps
    body.extend(producer.to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i32).to_be_bytes());
    body.extend(count.to_be_bytes());
    body.extend(records);
    let mut batch = 0_i64.to_be_bytes().to_vec();
    batch.extend(framed(body));
    batch
}

fn framed(body: Vec<u8>) -> Vec<u8> {
    let mut framed = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    framed.extend(body);
    framed
}

/// RFC 1952 around one stored block of RFC 1951.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    let mut gzip = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1];
    gzip.extend(len.to_le_bytes());
    gzip.extend((!len).to_le_bytes());
    gzip.extend(bytes);
    gzip.extend(crc32(bytes).to_le_bytes());
    gzip.extend(u32::from(len).to_le_bytes());
    gzip
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _bit| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !bytes.iter().fold(!0, byte)
}
