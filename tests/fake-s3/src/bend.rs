//! Bends an answer's document as servers do that write it otherwise than S3.
//!
//! Invariant: what the operation did stays done; only its response changes. Must not depend on operations.

use bytes::Bytes;

use crate::data::Data;
use crate::faults::Fault;
use crate::reply::Reply;

/// The reply as the fault wants it; a reply without a document stays as it is.
pub fn bend(reply: &mut Reply, fault: &Fault) {
    if let Some(text) = &fault.body {
        reply.body = Data::from(Bytes::from(text.clone()));
        return;
    }
    if fault.root.is_none() && fault.elements.is_empty() {
        return;
    }
    let bytes = reply.body.segments().concat();
    let Ok(mut text) = String::from_utf8(bytes) else { return };
    for (name, value) in &fault.elements {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let Some((before, rest)) = text.split_once(&open) else {
            if let Some(end) = text.rfind("</").filter(|_| !value.is_empty()) {
                text.insert_str(end, &format!("{open}{value}{close}"));
            }
            continue;
        };
        let Some((_, after)) = rest.split_once(&close) else { continue };
        text = if value.is_empty() {
            format!("{before}{after}")
        } else {
            format!("{before}{open}{value}{close}{after}")
        };
    }
    if let Some(root) = &fault.root
        && let Some(name) = name(&text)
    {
        text = text.replacen(&format!("<{name}"), &format!("<{root}"), 1);
        if let Some(at) = text.rfind(&format!("</{name}>")) {
            text.replace_range(at.., &format!("</{root}>"));
        }
    }
    reply.body = Data::from(Bytes::from(text));
}

/// The name of a document's root.
fn name(text: &str) -> Option<String> {
    let (_, root) = text.split_once("?>").map_or(("", text), |(declaration, rest)| (declaration, rest));
    let (_, root) = root.split_once('<')?;
    Some(root.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_bent() {
        let document = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B>1</B><C>2</C></A>";
        let bent = |fault: serde_json::Value| {
            let mut reply = Reply::xml(document.to_string());
            bend(&mut reply, &serde_json::from_value(fault).unwrap());
            String::from_utf8(reply.body.segments().concat()).unwrap()
        };
        assert_eq!(
            bent(serde_json::json!({"root": "D"})),
            "<?xml version=\"1.0\"?>\n<D xmlns=\"x\"><B>1</B><C>2</C></D>"
        );
        assert_eq!(
            bent(serde_json::json!({"elements": {"B": "", "C": "3"}})),
            "<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><C>3</C></A>"
        );
        let added = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B>1</B><C>2</C><E>4</E></A>";
        assert_eq!(bent(serde_json::json!({"elements": {"E": "4", "F": ""}})), added);
        assert_eq!(bent(serde_json::json!({"body": "{}"})), "{}");
    }
}
