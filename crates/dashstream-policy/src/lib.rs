//! Sans-IO engine that decides what happens to a record that cannot be processed, and to its offset.
