//! The gateway in one program, so that tests that wait for groups to form wait beside each other.

mod archive_faults;
mod broker;
mod families;
mod frozen;
mod pages;
mod process;
mod restart;
mod support;
mod verdicts;
