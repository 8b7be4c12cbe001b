//! Who may not come in, and who may not look.

mod doors;
mod rows;
