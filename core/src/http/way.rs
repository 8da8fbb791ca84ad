//! On which way a URL is reached, as `explain` tells it: through which proxy, and who said so.
//!
//! Law: asks the matcher that the clients use. A proxy's user and password are left out.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;

use super::Proxy;
use crate::config::Settings;

/// The way to a URL.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Way {
    /// The proxy, without user and password.
    pub(crate) proxy: Option<String>,
    /// The environment variable that names the proxy.
    pub(crate) variable: Option<&'static str>,
    /// The environment variable that keeps the URL's host from the proxy.
    pub(crate) excepted_by: Option<&'static str>,
}

/// The way to a URL, by settings that the surroundings have completed.
pub(crate) fn way(settings: &Settings, url: &str) -> Way {
    let set = |names: &[&'static str]| names.iter().copied().find(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
    let (matcher, variable) = match Proxy::of(settings) {
        Proxy::None => return Way::default(),
        Proxy::Environment(_) if url.starts_with("http:") => {
            (Matcher::from_env(), set(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]))
        }
        Proxy::Environment(_) => (Matcher::from_env(), set(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])),
        Proxy::Named(proxy, except) => (Matcher::builder().all(proxy).no(except.unwrap_or_default()).build(), None),
    };
    let Ok(target) = url.parse() else { return Way::default() };
    match matcher.intercept(&target) {
        Some(proxy) => {
            let uri = proxy.uri();
            let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            let named = format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default());
            Way { proxy: Some(named), variable, excepted_by: None }
        }
        None if variable.is_some() || settings.proxy.is_some() => Way { excepted_by: set(&["NO_PROXY", "no_proxy"]), ..Way::default() },
        None => Way::default(),
    }
}
