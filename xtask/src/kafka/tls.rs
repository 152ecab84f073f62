//! The key that the nodes of a cluster prove themselves with, and its certificate for clients.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{sh, system};

/// Files of one key, which is valid for the loopback address.
pub(super) struct Key {
    /// With the key, for nodes.
    pub(super) store: PathBuf,
    /// The certificate alone, which clients take for that of an authority.
    pub(super) certificate: PathBuf,
}

impl Key {
    /// Makes a new key in `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self> {
        system::need(&[("keytool", "default-jre-headless")])?;
        let key = Self {
            store: folder.join("key.p12"),
            certificate: folder.join(CERTIFICATE),
        };
        let mut create = key.keytool("-genkeypair");
        create
            .args([
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-validity",
                "30",
            ])
            .args(["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1"]);
        let mut export = key.keytool("-exportcert");
        export.arg("-rfc").arg("-file").arg(&key.certificate);
        for mut command in [create, export] {
            // It tells of each file that it writes.
            sh::run(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        }
        Ok(key)
    }

    fn keytool(&self, what: &str) -> Command {
        let mut keytool = Command::new("keytool");
        keytool
            .args([what, "-alias", "node", "-storetype", "PKCS12"])
            .args(["-storepass", PASSWORD, "-keystore"])
            .arg(&self.store);
        keytool
    }
}

pub(super) const CERTIFICATE: &str = "certificate.pem";
pub(super) const PASSWORD: &str = "of-no-secret";
