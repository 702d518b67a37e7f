//! A server for one page and one file, on the loopback address only.
//!
//! Whoever does not know the address, with the random word in it, gets nothing: neither other users of the machine nor
//! pages of other sites, which a browser lets send requests to it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use include_dir::{Dir, include_dir};
use tiny_http::{Header, Method, Request, Response, StatusCode};

/// The page, as `web/build` made it.
static PAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../web/dist/viewer");

/// Requests that are answered at once: a browser sends six.
const THREADS: usize = 6;
const TOKEN_BYTES: usize = 16;

/// What the page may load: nothing but what is served here. H5Web's array operations (cwise) are compiled in the page,
/// which is what `unsafe-eval` allows; texts of files never become scripts.
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self' blob:; object-src 'none'; base-uri 'none'; \
form-action 'none'; frame-ancestors 'none'";

pub(super) struct Server {
    http: tiny_http::Server,
    port: u16,
    token: String,
    file: PathBuf,
    name: String,
}

type Answer = Response<Box<dyn Read + Send>>;

fn header(name: &str, value: &str) -> Option<Header> {
    Header::from_bytes(name, value).ok()
}

/// Bytes of an address that stand for themselves; all others are written by their number.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The first and last byte that a header asks for, of so many; an error where there is none of them.
fn range(header: &str, len: u64) -> Option<Result<(u64, u64), ()>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.min(len.saturating_sub(1))),
        (Some(first), None) if last.trim().is_empty() => (first, len.saturating_sub(1)),
        (None, Some(count)) if first.trim().is_empty() => (len.saturating_sub(count), len.saturating_sub(1)),
        _ => return None,
    };
    Some(if first < len { Ok((first, last)) } else { Err(()) })
}

fn kind(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        _ => "application/octet-stream",
    }
}

fn answer(status: u16, body: Box<dyn Read + Send>, len: usize) -> Answer {
    let fixed = [
        header("Content-Security-Policy", POLICY),
        header("X-Content-Type-Options", "nosniff"),
        header("Referrer-Policy", "no-referrer"),
        header("Cross-Origin-Resource-Policy", "same-origin"),
        header("Cache-Control", "no-store"),
    ];
    Response::new(StatusCode(status), fixed.into_iter().flatten().collect(), body, Some(len), None)
}

fn told(status: u16, text: &'static str) -> Answer {
    answer(status, Box::new(text.as_bytes()), text.len())
}

fn with(mut answer: Answer, headers: &[(&str, &str)]) -> Answer {
    headers.iter().filter_map(|(name, value)| header(name, value)).for_each(|h| answer.add_header(h));
    answer
}

impl Server {
    /// Listens on the loopback address.
    pub(super) fn new(
        file: &Path,
        port: Option<u16>,
    ) -> Result<Server, Box<dyn std::error::Error + Send + Sync>> {
        let http = tiny_http::Server::http(("127.0.0.1", port.unwrap_or(0)))?;
        let port = http.server_addr().to_ip().map_or(0, |address| address.port());
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|e| io::Error::other(e.to_string()))?;
        let token = random.iter().map(|b| format!("{b:02x}")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Server { http, port, token, file: file.canonicalize()?, name })
    }
    /// The address of the page that shows the file.
    pub(super) fn address(&self, object: Option<&str>) -> String {
        let object = object.map_or_else(String::new, |path| format!("&path={}", encoded(path)));
        format!("http://127.0.0.1:{}/{}/?url=file/{}{object}", self.port, self.token, encoded(&self.name))
    }
    /// Answers until the process ends.
    pub(super) fn run(&self) {
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Ok(request) = self.http.recv() {
                        let answer =
                            self.answer(&request).unwrap_or_else(|_| told(500, "the file cannot be read\n"));
                        // Whoever asked may be gone.
                        let _ = request.respond(answer);
                    }
                });
            }
        });
    }
    fn answer(&self, request: &Request) -> io::Result<Answer> {
        let head = |name: &'static str| {
            request.headers().iter().find(|h| h.field.equiv(name)).map(|h| h.value.as_str())
        };
        let host = [format!("127.0.0.1:{}", self.port), format!("localhost:{}", self.port)];
        if !head("Host").is_some_and(|given| host.iter().any(|own| own == given)) {
            return Ok(told(403, "this is another host\n"));
        }
        if !matches!(request.method(), Method::Get | Method::Head) {
            return Ok(told(405, "there is nothing to change here\n"));
        }
        let path = request.url().split(['?', '#']).next().unwrap_or_default();
        let Some(path) = path.strip_prefix('/').and_then(|p| p.strip_prefix(&self.token)) else {
            return Ok(told(404, "there is nothing here\n"));
        };
        match path {
            "" => Ok(with(told(308, ""), &[("Location", &format!("/{}/", self.token))])),
            "/" => Ok(page("index.html")),
            file if file.starts_with("/file/") => self.part(head("Range"), head("If-Range")),
            other => Ok(page(other.trim_start_matches('/'))),
        }
    }
    /// The file, or the part of it that is asked for.
    fn part(&self, asked: Option<&str>, known: Option<&str>) -> io::Result<Answer> {
        let mut file = File::open(&self.file)?;
        let metadata = file.metadata()?;
        let len = metadata.len();
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let version = format!("\"{len:x}-{changed:x}\"");
        let common =
            [("ETag", version.as_str()), ("Accept-Ranges", "bytes"), ("Content-Type", "application/x-hdf5")];
        let asked = asked.filter(|_| known.is_none_or(|known| known == version)).and_then(|h| range(h, len));
        let size =
            |bytes: u64| usize::try_from(bytes).map_err(|_| io::Error::other("more than this machine tells"));
        match asked {
            None => Ok(with(answer(200, Box::new(file), size(len)?), &common)),
            Some(Err(())) => Ok(with(told(416, ""), &[("Content-Range", &format!("bytes */{len}"))])),
            Some(Ok((first, last))) => {
                file.seek(SeekFrom::Start(first))?;
                let bytes = last - first + 1;
                let part = answer(206, Box::new(file.take(bytes)), size(bytes)?);
                Ok(with(with(part, &common), &[("Content-Range", &format!("bytes {first}-{last}/{len}"))]))
            }
        }
    }
}

fn page(name: &str) -> Answer {
    match PAGE.get_file(name) {
        Some(file) => {
            let bytes = file.contents();
            with(answer(200, Box::new(bytes), bytes.len()), &[("Content-Type", kind(name))])
        }
        None => told(404, "there is nothing here\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        assert_eq!(range("bytes=0-9", 100), Some(Ok((0, 9))));
        assert_eq!(range("bytes=90-200", 100), Some(Ok((90, 99))));
        assert_eq!(range("bytes=90-", 100), Some(Ok((90, 99))));
        assert_eq!(range("bytes=-10", 100), Some(Ok((90, 99))));
        assert_eq!(range("bytes=100-", 100), Some(Err(())));
        for none in ["bytes=9-0", "bytes=a-b", "rows=0-1", "bytes=0-1,5-6", ""] {
            assert_eq!(range(none, 100), None, "{none}");
        }
    }

    #[test]
    fn names_are_encoded_for_addresses() {
        assert_eq!(encoded("a b/ü?.h5"), "a%20b/%C3%BC%3F.h5");
    }
}
