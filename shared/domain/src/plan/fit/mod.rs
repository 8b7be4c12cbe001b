//! FIT workout files.
