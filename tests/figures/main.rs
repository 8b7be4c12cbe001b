//! The figures of the three stages, against an independent oracle and against their own laws.

mod devices;
mod execution;
mod explanation;
mod fitness;
mod heart_rate;
mod hostile;
mod lifting;
mod oracle;
mod properties;
