//! The adapter that moves Kafka offsets only for the reasons the policy engine gives.
