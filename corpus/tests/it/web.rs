//! The web as a last resort, against a server on the loopback address.

use kai_corpus::{PackResult, SyncOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stand::{Stand, outcome, sync};

async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let base = address.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let count = socket.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..count]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or("/").to_owned();
            let (status, body) = match path.as_str() {
                "/sitemap.xml" => ("200 OK", format!("<urlset><url><loc>{base}/docs/a.html</loc></url><url><loc>{base}/blog/b.html</loc></url><url><loc>http://elsewhere.invalid/docs/c.html</loc></url></urlset>")),
                "/docs/" => ("200 OK", "<a href='d.html#x'>d</a><a href=\"/docs/loop\">l</a><a href='../../etc/passwd'>e</a><a href='out'>o</a>".to_owned()),
                "/docs/a.html" | "/docs/d.html" => ("200 OK", format!("<p>{path}")),
                "/docs/loop" => ("302 Found\r\nlocation: /docs/loop", String::new()),
                "/docs/out" => ("302 Found\r\nlocation: /blog/b.html", String::new()),
                "/blog/b.html" => ("200 OK", "<p>blog".to_owned()),
                _ => ("404 Not Found", String::new()),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(answer.as_bytes()).await.ok();
        }
    });
    address
}

fn manifest(web: &str) -> String {
    format!("[[pack]]\nname = \"p\"\ntitle = \"t\"\nabout = \"a\"\nlicence = \"l\"\nweb = {{ {web} }}\n")
}

#[tokio::test]
async fn pages_come_from_the_sitemap_and_links_below_the_prefix_only() {
    let base = server().await;
    let stand = Stand::new("ID=void\n");
    let manifest =
        manifest(&format!("sitemap = \"{base}/sitemap.xml\", urls = [\"{base}/docs/\"], under = \"{base}/docs/\""));
    let (report, _) = sync(&stand.corpus(&manifest), SyncOptions::default()).await;
    assert_eq!(outcome(&report, "p").result, PackResult::Fetched, "{report:?}");
    let pages = ["127.0.0.1/docs/a.html", "127.0.0.1/docs/d.html", "127.0.0.1/docs/index.html"];
    assert_eq!(stand.pages("p"), pages);
}

#[tokio::test]
async fn a_dead_address_is_named() {
    let base = server().await;
    let stand = Stand::new("ID=void\n");
    let (report, _) =
        sync(&stand.corpus(&manifest(&format!("urls = [\"{base}/gone\"]"))), SyncOptions::default()).await;
    let PackResult::Failed { reason, .. } = &outcome(&report, "p").result else { panic!("{report:?}") };
    assert!(reason.contains("/gone answered 404"), "{reason}");
}
