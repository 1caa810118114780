//! The two documents of a cloud-init seed (NoCloud): who the guest is, and what it is told.
//!
//! Texts are quoted as JSON strings, which YAML reads as they are.

use crate::names::{SshKey, UserData, Uuid, VmName};

/// What a guest is told at its first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Its identity: cloud-init runs anew when this changes.
    pub instance: Uuid,
    /// Its host name.
    pub hostname: VmName,
    /// A key that may log in.
    pub key: Option<SshKey>,
    /// A document of the person's own.
    pub user_data: Option<UserData>,
}

/// Between the parts of a document with several.
const BOUNDARY: &str = "=====kai-part=====";

impl Seed {
    /// The file `meta-data`.
    #[must_use]
    pub fn meta_data(&self) -> String {
        format!("instance-id: iid-{}\nlocal-hostname: {}\n", self.instance, quoted(self.hostname.as_str()))
    }

    /// The file `user-data`: the person's own document as it is, and beside it what kai adds.
    #[must_use]
    pub fn user_data(&self) -> String {
        let ours = self.config();
        let Some(theirs) = &self.user_data else { return ours };
        if self.key.is_none() {
            return theirs.as_str().to_owned();
        }
        let kind = if theirs.as_str().starts_with("#!") { "text/x-shellscript" } else { "text/cloud-config" };
        let part = |kind: &str, text: &str| {
            format!("--{BOUNDARY}\nContent-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\n\n{}\n", text.trim_end())
        };
        format!(
            "Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\nMIME-Version: 1.0\n\n{}{}--{BOUNDARY}--\n",
            part(kind, theirs.as_str()),
            part("text/cloud-config", &ours)
        )
    }

    /// The key goes to the image's default user and to root: images without a default user would
    /// let nobody in.
    fn config(&self) -> String {
        let mut text = format!("#cloud-config\nhostname: {}\n", quoted(self.hostname.as_str()));
        if let Some(key) = &self.key {
            let key = quoted(key.as_str());
            text.push_str("merge_how: \"list(append)+dict(recurse_array)+str()\"\n");
            text.push_str(&format!("ssh_authorized_keys:\n  - {key}\n"));
            text.push_str(&format!("users:\n  - default\n  - name: root\n    ssh_authorized_keys:\n      - {key}\n"));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
