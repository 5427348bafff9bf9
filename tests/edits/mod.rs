//! Edits of kbuild's rules in the pocket kernel: what each does to the two kernels, told by their
//! bytes alone, and what `twinlto check` says of it.

pub(crate) mod data;
pub(crate) mod judge;
pub(crate) mod run;
pub(crate) mod truth;
