//! Stands between a member and the nodes, and holds back what they send each other when told to.

use core::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::Result;

/// A port for each node at which a member finds it. The threads behind it end with this program.
pub(super) struct Proxies {
    pub(super) ports: Vec<u16>,
    nodes: Vec<Arc<AtomicU16>>,
    cut: Arc<AtomicBool>,
}

impl Proxies {
    /// Listens for so many nodes, whose own ports are not known yet.
    pub(super) fn listen(nodes: usize) -> Result<Self> {
        let mut proxies = Self {
            ports: Vec::new(),
            nodes: Vec::new(),
            cut: Arc::default(),
        };
        for _ in 0..nodes {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let node = Arc::<AtomicU16>::default();
            proxies.ports.push(listener.local_addr()?.port());
            proxies.nodes.push(Arc::clone(&node));
            let cut = Arc::clone(&proxies.cut);
            thread::spawn(move || {
                for member in listener.incoming().flatten() {
                    // While the node is down its member loses the connection as it would without this.
                    let node = TcpStream::connect(("127.0.0.1", node.load(Ordering::Relaxed)));
                    let _refused = node.and_then(|node| join(&member, &node, &cut));
                }
            });
        }
        Ok(proxies)
    }

    /// Says where the nodes are.
    pub(super) fn lead_to(&self, ports: &[u16]) {
        for (node, port) in self.nodes.iter().zip(ports) {
            node.store(*port, Ordering::Relaxed);
        }
    }

    /// Where a member begins.
    pub(super) fn addresses(&self) -> String {
        let each = self.ports.iter().map(|port| format!("127.0.0.1:{port}"));
        each.collect::<Vec<_>>().join(",")
    }

    /// Lets nothing through, or everything again, what was held back first: as a network does that loses
    /// packets for a while.
    pub(super) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }
}

fn join(member: &TcpStream, node: &TcpStream, cut: &Arc<AtomicBool>) -> std::io::Result<()> {
    for (from, to) in [(member, node), (node, member)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        let cut = Arc::clone(cut);
        thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                while cut.load(Ordering::Relaxed) {
                    thread::sleep(LOOK_EVERY);
                }
                if to.write_all(bytes.get(..read).unwrap_or_default()).is_err() {
                    break;
                }
            }
            let _gone_already = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
        });
    }
    Ok(())
}

const LOOK_EVERY: Duration = Duration::from_millis(20);
