//! Inputs shared by the areas; all are built from fixed seeds.
