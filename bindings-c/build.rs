//! Gives the shared library its name for the dynamic linker and binds its own calls to itself: a host may already carry other
//! copies of what is linked in here. Symbols are hidden by rustc, which exports only the `extern "C"` functions of `capi.rs`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,liboarlock.so.0");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    }
}
