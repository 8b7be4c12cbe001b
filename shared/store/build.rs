//! Has Cargo build this package again when a migration comes or goes, which the macro that embeds
//! them cannot ask for.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
