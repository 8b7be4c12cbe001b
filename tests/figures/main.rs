//! The figures of the three stages, against an independent oracle and against their own laws.

mod devices;
mod hostile;
mod oracle;
mod properties;
