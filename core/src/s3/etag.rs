//! ETags as headers hold them, and as callers get them.

/// An ETag as the header wants it, in quotes; `*` stays.
pub(crate) fn quoted(etag: &str) -> String {
    if etag == "*" || etag.starts_with('"') || is_weak(etag) {
        etag.to_owned()
    } else {
        format!("\"{etag}\"")
    }
}

/// An ETag without its quotes; a weak one, `W/"…"`, is kept whole, so that it cannot be taken for a strong
/// one.
pub(crate) fn bare(etag: Option<&str>) -> Option<String> {
    let etag = etag?.trim();
    let bare = if is_weak(etag) { etag } else { etag.trim_matches('"') };
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// Whether the ETag is a weak one, which several states of an object may share. Source: RFC 9110, section
/// 8.8.1.
pub(crate) fn is_weak(etag: &str) -> bool {
    etag.starts_with("W/")
}
