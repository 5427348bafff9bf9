//! Integration tests: the binary as a user runs it, on the pocket kernel and on build
//! directories made for one purpose.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a failed unwrap is a failed test, and a test binary has no public interface"
)]

mod support;

mod arrows;
mod audit_made;
mod bad_input;
mod bisect;
mod bisect_sets;
mod ccache;
mod corpus;
mod diagnostics;
mod diff;
mod diff_archives;
mod diff_bytes;
mod diff_edits;
mod diff_expectations;
mod diff_lost;
mod diff_places;
mod diff_records;
mod diff_records_worse;
mod edit_sample;
#[allow(dead_code, reason = "a run of its own uses all of it, this one a sample")]
mod edits;
mod expectations;
mod explain;
mod front_ends;
mod hidden_inputs;
mod image_fields;
mod image_mutated;
mod inject;
mod layouts;
mod lifecycle;
mod matrix;
mod modes;
#[allow(dead_code, reason = "a run of its own uses all of it, this one a sample")]
mod mutation;
mod mutation_sample;
mod names;
mod native_objects;
mod numbers;
mod old_kernels;
mod planned;
mod pocket;
mod premerge;
mod replay;
mod report_files;
mod resume;
mod shown_commands;
mod snapshot;
mod unknown_kinds;
