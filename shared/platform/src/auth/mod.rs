//! Who somebody is: bearer tokens, which only this knows the form of, and passwords.

mod issuer;
mod keys;
mod passwords;
#[cfg(test)]
mod tests;
mod verifier;

pub use issuer::TokenIssuer;
pub use passwords::{HashingCost, Passwords};
pub use verifier::{Bearer, Caller, Subject, TokenVerifier};
