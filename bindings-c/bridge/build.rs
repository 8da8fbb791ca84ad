//! Compiles the C++ side of the bridge into the static library.

fn main() {
    println!("cargo:rerun-if-changed=src/lib.rs");
    cxx_build::bridge("src/lib.rs").std("c++17").compile("oarlock_bridge");
}
