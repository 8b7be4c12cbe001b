//! Providers: one file each says how their deliveries are verified and read.

pub mod paceline;
