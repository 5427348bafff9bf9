//! Integration tests: the binary as a user runs it, on the pocket kernel and on build
//! directories made for one purpose.

mod support;

mod arrows;
mod audit_made;
mod bad_input;
mod corpus;
mod pocket;
mod resume;
mod shown_commands;
