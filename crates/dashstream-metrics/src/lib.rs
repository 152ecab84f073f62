//! Exact lock-free windows, one metric catalogue with its own exposition, and the health verdict.
