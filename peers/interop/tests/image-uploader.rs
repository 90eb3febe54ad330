//! The image uploader, sixteen times: an upload of several chunks, what is known of it, and one
//! that is refused.

mod pairs;

use std::fs;
use std::process::ExitCode;
use std::rc::Rc;

use testkit::{Lab, Program, Server, fail};

use pairs::{SAME, url};

fn main() -> ExitCode {
    let store = folder();
    let path = store.path().to_string_lossy();
    let options = ["--store", &*path, "--quota", "1MiB"];
    pairs::run("image-uploader", &options, pair)
}

async fn pair(client: Lab, server: Rc<Server>) {
    let url = url(&server);
    let files = folder();
    let file = |name: &str, content: &[u8]| {
        let path = files.path().join(name);
        if let Err(error) = fs::write(&path, content) {
            fail(format!("cannot write {}: {error}", path.display()));
        }
        path.to_string_lossy().into_owned()
    };

    let image = file("image", &[b'x'; 300_000]);
    // As `head -c 300000 /dev/zero | tr '\0' x | sha256sum` has it.
    let line = "image: 300000 bytes, sha256 29927e273accc68286005017f7fa6e4f27bddb4db3083ff8b8d4c3667905b7fa";
    let put = ["put", &image, "--server", &url];
    Program::run(client, &put).await.prints(line, SAME);
    let info = ["info", "image", "--server", &url];
    Program::run(client, &info).await.prints(line, SAME);

    let large = file("large", &[b'x'; (1 << 20) + 1]);
    let put = ["put", &large, "--server", &url];
    let refused = Program::run(client, &put).await;
    // RESOURCE_EXHAUSTED is 8.
    refused.fails(72, &["ResourceExhausted"], SAME);
}

fn folder() -> tempfile::TempDir {
    match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => fail(format!("cannot make a temporary folder: {error}")),
    }
}
