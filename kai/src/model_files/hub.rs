//! The model hub: one file after the other over https.

use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{PullError, PullEvent, PullSink, Spec};

/// `HF_ENDPOINT` names a mirror, as for the hub's own clients.
const HUB: &str = "https://huggingface.co";

pub(super) async fn fetch(spec: &Spec, folder: &Path, events: PullSink<'_>) -> Result<(), PullError> {
    let hub = std::env::var("HF_ENDPOINT").ok().filter(|hub| !hub.is_empty()).unwrap_or_else(|| HUB.to_owned());
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(8))
        .read_timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| failed(&error))?;
    for file in spec.files {
        let url = format!("{}/{}/resolve/main/{}", hub.trim_end_matches('/'), spec.repository, file.path);
        let response = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let response = response.map_err(|error| failed(&error))?;
        events(PullEvent::File { name: file.path.to_owned(), bytes: response.content_length() });
        let path = folder.join(file.path);
        let wrote = |source| PullError::Write { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(wrote)?;
        }
        let mut out = tokio::fs::File::create(&path).await.map_err(wrote)?;
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| failed(&error))?;
            out.write_all(&part).await.map_err(wrote)?;
            events(PullEvent::Bytes(part.len()));
        }
        out.flush().await.map_err(wrote)?;
    }
    Ok(())
}

fn failed(error: &reqwest::Error) -> PullError {
    let mut source: &dyn std::error::Error = error;
    while let Some(cause) = source.source() {
        source = cause;
    }
    PullError::Hub(source.to_string())
}
