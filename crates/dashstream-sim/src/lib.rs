//! Simulated broker, archive and host for the policy engine.
