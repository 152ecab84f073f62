//! Zstandard decompression that allocates nothing the input has not proved.
