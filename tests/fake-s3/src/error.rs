//! An answer that is an error: S3's status, code and sentence, the XML elements and headers that go with it.
//!
//! Invariant: each refusal used in more than one place has one constructor here, so that its words never
//! differ. It must not know how a request is carried out.

use crate::xml::Xml;

#[derive(Debug, Clone)]
pub struct S3Error {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub elements: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
}

pub type Result<T> = std::result::Result<T, S3Error>;

impl S3Error {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        S3Error { status, code: code.into(), message: message.into(), elements: vec![], headers: vec![] }
    }

    pub fn with(mut self, element: &str, text: impl ToString) -> Self {
        self.elements.push((element.into(), text.to_string()));
        self
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.into(), value.to_string()));
        self
    }

    pub fn invalid_argument(message: impl Into<String>, name: &str, value: impl ToString) -> Self {
        Self::new(400, "InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value)
    }

    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequest", message)
    }

    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    pub fn malformed_xml() -> Self {
        Self::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    }

    pub fn no_such_bucket(bucket: &str) -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist").with("BucketName", bucket)
    }

    pub fn no_such_key(key: &str) -> Self {
        Self::new(404, "NoSuchKey", "The specified key does not exist.").with("Key", key)
    }

    pub fn no_such_version(key: &str, id: &str) -> Self {
        Self::new(404, "NoSuchVersion", "The specified version does not exist.")
            .with("Key", key)
            .with("VersionId", id)
    }

    pub fn no_such_upload(id: &str) -> Self {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may \
                       have been aborted or completed.";
        Self::new(404, "NoSuchUpload", message).with("UploadId", id)
    }

    pub fn precondition_failed(condition: &str) -> Self {
        Self::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
            .with("Condition", condition)
    }

    pub fn not_modified() -> Self {
        Self::new(304, "NotModified", "Not Modified")
    }

    pub fn bad_digest(what: &str) -> Self {
        Self::new(
            400,
            "BadDigest",
            format!("The {what} you specified did not match the calculated checksum."),
        )
    }

    pub fn not_implemented(header: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        )
        .with("Header", header)
    }

    /// The body that carries this error.
    pub fn to_xml(&self, resource: &str, request_id: &str) -> String {
        let mut xml = Xml::new();
        xml.open("Error").el("Code", &self.code).el("Message", &self.message);
        for (name, text) in &self.elements {
            xml.el(name, text);
        }
        xml.el("Resource", resource).el("RequestId", request_id).el("HostId", crate::server::HOST_ID);
        xml.close("Error");
        xml.finish()
    }
}
