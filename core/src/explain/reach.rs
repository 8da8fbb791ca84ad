//! Where requests go and on which way: region, endpoint, addressing, proxy.
//!
//! Invariant: the endpoint comes from the resolver that requests use.

use super::store::Facts;
use crate::ambient::region;
use crate::credentials::CredentialSource;
use crate::error::Result;
use crate::http;
use crate::reply::Explained;
use crate::s3::{Endpoint, Route, Subject, known_region, route};

pub(super) async fn tell(facts: &Facts<'_>, rows: &mut Vec<Explained>) {
    let (settings, bucket) = (&facts.found.settings, facts.at.bucket());
    rows.push(Explained::row("region", region(settings), Some(facts.source("region"))));
    let junk =
        |name: &str| facts.found.junk.iter().find(|(setting, _)| *setting == name).map(|(_, error)| error);
    if let Some(error) = junk("endpoint").or(junk("addressing_style")) {
        rows.push(Explained::broken("endpoint", error, None));
        return;
    }
    let way = match way(facts).await {
        Ok(way) => way,
        Err(error) => {
            rows.push(Explained::broken("endpoint", &error, Some(facts.source("endpoint"))));
            return;
        }
    };
    if let Some(region) = &way.learnt {
        rows.push(Explained::row("bucket_region", region, Some("the server's correction")));
    }
    rows.push(Explained::row("endpoint", &way.found.url, Some(facts.source("endpoint"))));
    if let Some(control) = &way.control {
        rows.push(Explained::row("control_endpoint", control, Some(facts.source("endpoint"))));
    }
    let style = if way.route.path_style { "path" } else { "virtual" };
    let why = match settings.addressing_style.as_deref() {
        None | Some("auto") if bucket.starts_with("arn:") => "auto: an access point",
        None | Some("auto") if way.route.url.is_some() => "auto: a custom endpoint",
        None | Some("auto") if bucket.contains('.') => "auto: the bucket's name holds a dot",
        None | Some("auto") => "auto: AWS's own endpoint",
        Some(_) => facts.source("addressing_style"),
    };
    rows.push(Explained::row("addressing_style", style, Some(why)));
    match &facts.identity {
        Ok(CredentialSource::Anonymous) => {
            rows.push(Explained::row("signing_scheme", "none: requests go unsigned", None))
        }
        _ => {
            rows.push(Explained::row("signing_scheme", way.found.signing_scheme.name(), None));
            rows.push(Explained::row("signing_name", &way.found.service, None));
            rows.push(Explained::row("signing_region", &way.found.region, None));
        }
    }
    match http::Transport::of(settings) {
        Ok(there) => {
            proxy(facts, there.proxy_for(&way.found.url), rows);
            let there = if way.found.url.starts_with("http:") { there.plain() } else { there };
            if let Err(error) = there.client() {
                rows.push(Explained::broken("connection", &error, None));
            }
        }
        Err(error) => rows.push(Explained::broken("proxy", &error, None)),
    }
}

struct Way {
    route: Route,
    learnt: Option<String>,
    found: Endpoint,
    /// Where a directory bucket is created and deleted.
    control: Option<String>,
}

async fn way(facts: &Facts<'_>) -> Result<Way> {
    let (settings, bucket) = (&facts.found.settings, facts.at.bucket());
    let route = route(settings, bucket)?;
    let learnt = known_region(route.url.as_deref(), bucket)?;
    let region = learnt.as_deref().unwrap_or(region(settings));
    let found = Endpoint::resolve(settings, &route, bucket, region, Subject::Bucket).await?;
    let control = match found.service.as_str() {
        "s3express" => Some(Endpoint::resolve(settings, &route, bucket, region, Subject::Control).await?.url),
        _ => None,
    };
    Ok(Way { route, learnt, found, control })
}

fn proxy(facts: &Facts<'_>, way: http::ProxyChoice, rows: &mut Vec<Explained>) {
    let source = way.variable.map(|name| format!("environment variable {name}"));
    let source = source.as_deref().unwrap_or_else(|| facts.source("proxy"));
    match (way.proxy, way.excepted_by) {
        (Some(proxy), _) => rows.push(Explained::row("proxy", proxy, Some(source))),
        (None, Some(name)) => {
            rows.push(Explained::row(
                "proxy",
                "none: this host is reached directly",
                Some(&format!("environment variable {name}")),
            ));
        }
        (None, None) => rows.push(Explained::row("proxy", "none", Some("default"))),
    }
}
