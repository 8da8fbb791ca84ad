//! The plan: which requests misbehave, and how.
//!
//! Invariant: a plan is data, counted per rule from the moment it is posted; the first rule that fires wins,
//! and every rule counts every request it matches. It must not know sockets or objects.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::request::{Op, Request};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "match", default)]
    pub pattern: Pattern,
    pub fault: Fault,
    #[serde(skip)]
    seen: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    method: Option<String>,
    bucket: Option<String>,
    key: Option<String>,
    prefix: Option<String>,
    op: Option<Op>,
    header: Option<String>,
    lacks: Option<String>,
    nth: Option<u64>,
    times: Option<u64>,
}

/// Several may be given together: a slow answer can also be cut.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub reset: bool,
    pub status: Option<u16>,
    pub code: Option<String>,
    pub message: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub truncate_body: Option<u64>,
    pub flip_bit: Option<u64>,
    pub slow: Option<u64>,
    pub stall: Option<Stall>,
    #[serde(default)]
    pub drop_after_store: bool,
    pub change_object: Option<Change>,
    #[serde(default)]
    pub expire_token: bool,
    #[serde(default)]
    pub ignore_range: bool,
    /// The name of the root of the answer's document.
    pub root: Option<String>,
    /// Elements of the answer's document: another text, or none of them if it is empty; a missing one is
    /// added.
    #[serde(default)]
    pub elements: BTreeMap<String, String>,
    /// What the answer holds instead of its document. With a status it is someone else's answer, which only
    /// `headers` describe.
    pub body: Option<String>,
    /// Every byte of this part of the upload is inverted before the answer, and its checksum is made anew.
    pub change_part: Option<u32>,
    /// Headers and query parameters by their beginnings: the request is treated as if it did not carry them.
    #[serde(default)]
    pub ignore_headers: Vec<String>,
    #[serde(default)]
    pub ignore_params: Vec<String>,
    /// Headers of the answer: another value, or none if it is empty.
    #[serde(default)]
    pub answer_headers: BTreeMap<String, String>,
    /// How the response marks the end of its body, in place of its length.
    pub framing: Option<Framing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// By HTTP/1.1 chunks.
    Chunked,
    /// By the end of the connection, as HTTP/1.0 does.
    Close,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    pub after: u64,
    /// Without it the answer never goes on.
    pub ms: Option<u64>,
}

/// Without a body, every byte of the object is inverted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub body_b64: Option<String>,
}

impl Plan {
    /// A sentence about the first rule that could not do anything.
    pub fn check(&self) -> Result<(), String> {
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.fault.name().is_empty() {
                return Err(format!("rule {at} names no fault"));
            }
            if rule.pattern.nth == Some(0) || rule.pattern.times == Some(0) {
                return Err(format!("rule {at} never fires: nth and times count from 1"));
            }
            if rule.fault.status.is_some_and(|status| !(200..600).contains(&status)) {
                return Err(format!("rule {at} has a status outside of 200 to 599"));
            }
        }
        Ok(())
    }
}

impl Rule {
    /// Counts a matching request; true when the fault is due.
    fn fires(&mut self, request: &Request) -> bool {
        if !self.pattern.matches(request) {
            return false;
        }
        self.seen += 1;
        let first = self.pattern.nth.unwrap_or(1);
        let times = self.pattern.times.or(self.pattern.nth.map(|_| 1));
        self.seen >= first && times.is_none_or(|times| self.seen < first + times)
    }
}

/// The fault that is due for this request.
pub fn due(rules: &mut [Rule], request: &Request) -> Option<Fault> {
    let mut found = None;
    for rule in rules {
        if rule.fires(request) && found.is_none() {
            found = Some(rule.fault.clone());
        }
    }
    found
}

impl Pattern {
    fn matches(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && self.bucket.as_ref().is_none_or(|bucket| *bucket == request.bucket)
            && self.key.as_ref().is_none_or(|key| *key == request.key)
            && self.prefix.as_ref().is_none_or(|prefix| request.key.starts_with(prefix.as_str()))
            && self.op.is_none_or(|op| op == request.op)
            && self.header.as_ref().is_none_or(|name| request.header(name).is_some())
            && self.lacks.as_ref().is_none_or(|name| request.header(name).is_none())
    }
}

impl Fault {
    /// As the log names it: the faults joined by `+`.
    pub fn name(&self) -> String {
        let parts = [
            (self.expire_token, "expire_token"),
            (self.change_object.is_some(), "change_object"),
            (self.slow.is_some(), "slow"),
            (self.ignore_range, "ignore_range"),
            (!self.ignore_headers.is_empty(), "ignore_headers"),
            (!self.ignore_params.is_empty(), "ignore_params"),
            (!self.answer_headers.is_empty(), "answer_headers"),
            (self.root.is_some(), "root"),
            (!self.elements.is_empty(), "elements"),
            (self.body.is_some(), "body"),
            (self.change_part.is_some(), "change_part"),
            (self.framing.is_some(), "framing"),
            (self.reset, "reset"),
            (self.status.is_some(), "status"),
            (self.drop_after_store, "drop_after_store"),
            (self.flip_bit.is_some(), "flip_bit"),
            (self.stall.is_some(), "stall"),
            (self.truncate_body.is_some(), "truncate_body"),
        ];
        parts.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect::<Vec<_>>().join("+")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::example;

    fn rules(json: serde_json::Value) -> Vec<Rule> {
        serde_json::from_value::<Plan>(serde_json::json!({ "rules": json })).unwrap().rules
    }

    fn fired(rules: &mut [Rule], target: &str) -> Option<String> {
        due(rules, &example("GET", target, &[])).map(|fault| fault.name())
    }

    #[test]
    fn nth_and_times_count_matching_requests() {
        let mut rules = rules(serde_json::json!([
            {"match": {"op": "GetObject", "prefix": "a/", "nth": 2, "times": 2}, "fault": {"reset": true}}
        ]));
        let seen: Vec<bool> = ["/b/a/1", "/b/x", "/b/a/1", "/b/a/2", "/b/a/1"]
            .into_iter()
            .map(|target| fired(&mut rules, target).is_some())
            .collect();
        assert_eq!(seen, [false, false, true, true, false]);
    }

    #[test]
    fn without_counts_a_rule_always_fires_and_nth_alone_once() {
        let mut always = rules(serde_json::json!([{"fault": {"status": 503, "code": "SlowDown"}}]));
        assert!((0..5).all(|_| fired(&mut always, "/b/k").is_some()));
        let mut once =
            rules(serde_json::json!([{"match": {"nth": 1}, "fault": {"slow": 5, "truncate_body": 3}}]));
        assert_eq!(fired(&mut once, "/b/k").as_deref(), Some("slow+truncate_body"));
        assert_eq!(fired(&mut once, "/b/k"), None);
    }

    #[test]
    fn the_first_rule_wins_but_all_count() {
        let mut both = rules(serde_json::json!([
            {"match": {"nth": 1}, "fault": {"reset": true}},
            {"match": {"nth": 1}, "fault": {"flip_bit": 0}},
        ]));
        assert_eq!(fired(&mut both, "/b/k").as_deref(), Some("reset"));
        assert_eq!(fired(&mut both, "/b/k"), None);
    }

    #[test]
    fn headers_are_matched_by_name() {
        let mut rules = rules(serde_json::json!([
            {"match": {"header": "content-md5"}, "fault": {"reset": true}},
            {"match": {"lacks": "x-amz-acl"}, "fault": {"flip_bit": 0}},
        ]));
        let mut fault = |headers: &[(&str, &str)]| {
            due(&mut rules, &example("PUT", "/b/k", headers)).map(|fault| fault.name())
        };
        assert_eq!(fault(&[("content-md5", "x"), ("x-amz-acl", "private")]).as_deref(), Some("reset"));
        assert_eq!(fault(&[]).as_deref(), Some("flip_bit"));
        assert_eq!(fault(&[("x-amz-acl", "private")]), None);
    }

    #[test]
    fn mistakes_in_a_plan_are_named() {
        for wrong in [
            serde_json::json!({"rules": [{"match": {"ops": "GetObject"}, "fault": {"reset": true}}]}),
            serde_json::json!({"rules": [{"match": {"op": "GetObjects"}, "fault": {"reset": true}}]}),
            serde_json::json!({"rules": [{"fault": {"explode": true}}]}),
        ] {
            assert!(serde_json::from_value::<Plan>(wrong).is_err());
        }
        let empty: Plan = serde_json::from_value(serde_json::json!({"rules": [{"fault": {}}]})).unwrap();
        assert!(empty.check().is_err());
    }
}
