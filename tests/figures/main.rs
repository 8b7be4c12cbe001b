//! The figures of the three stages, against an independent oracle and against their own laws.

mod oracle;
mod properties;
