//! Which keys belong together: those of a resource of a Kubernetes, others by the beginning of their path.

use std::hash::{BuildHasher, RandomState};

use serde::Serialize;

/// Where control planes keep their keys (Kubernetes' `--etcd-prefix` by default; OpenShift).
const ROOTS: [&str; 2] = ["/registry/", "/kubernetes.io/"];
/// Resources whose second part tells them apart: specs and endpoints of services, leases of nodes and of leaders.
const DEEPER: [&str; 2] = ["services", "leases"];
/// API groups that the apiserver serves itself and stores below their name.
const BUILT_IN: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];

/// What keys stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Leases that kubelets renew.
    NodeLeases,
    /// Other Leases: of leaders, of apiservers.
    Leases,
    /// Addresses of apiservers.
    Masterleases,
    /// Nodes.
    Nodes,
    /// Pods.
    Pods,
    /// Events.
    Events,
    /// Custom resources.
    CustomResources,
    /// Whatever else a Kubernetes keeps.
    Objects,
    /// No keys of a Kubernetes.
    #[default]
    Other,
}

/// How keys are put together.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// So many parts of the path of a key that is none of a Kubernetes.
    pub depth: usize,
}

/// Where a key belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// What it has in common with those that belong to it.
    pub prefix: &'a [u8],
    /// Whether it lies right there: its path is shorter than asked for, and others below the prefix belong elsewhere.
    pub bare: bool,
}

impl Layout {
    /// Where a key belongs.
    pub fn place<'a>(&self, key: &'a [u8]) -> Place<'a> {
        let wanted = in_kubernetes(key).map_or(self.depth, depth_of);
        // A path that begins with a slash has an empty part before it.
        let parts = wanted + usize::from(key.starts_with(b"/"));
        let mut slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        match slashes.nth(parts.saturating_sub(1)) {
            Some((at, _)) => Place { prefix: &key[..=at], bare: false },
            None => {
                let last = key.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
                Place { prefix: &key[..last], bare: true }
            }
        }
    }

    /// The prefixes that a prefix lies below, the shortest first; the empty one is that of all keys.
    pub fn above(prefix: &[u8]) -> impl Iterator<Item = &[u8]> {
        let inner = prefix.len().saturating_sub(1);
        let slashes = prefix[..inner].iter().enumerate().filter(|(_, byte)| **byte == b'/');
        std::iter::once(&prefix[..0]).chain(slashes.map(|(at, _)| &prefix[..=at]))
    }
}

/// What follows the root of a Kubernetes.
fn in_kubernetes(key: &[u8]) -> Option<&[u8]> {
    ROOTS.iter().find_map(|root| key.strip_prefix(root.as_bytes()))
}

/// Parts of the path of a resource, the root among them.
fn depth_of(rest: &[u8]) -> usize {
    let first = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    let deeper = DEEPER.iter().any(|name| name.as_bytes() == first);
    if deeper || first.contains(&b'.') { 3 } else { 2 }
}

impl Kind {
    /// What keys with a prefix stand for.
    pub fn of(prefix: &[u8]) -> Kind {
        let Some(rest) = in_kubernetes(prefix) else {
            return Kind::Other;
        };
        let rest = String::from_utf8_lossy(rest);
        let mut parts = rest.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match (first, second) {
            ("leases", "kube-node-lease") => Kind::NodeLeases,
            ("leases", _) => Kind::Leases,
            ("masterleases", _) => Kind::Masterleases,
            ("minions" | "nodes", _) => Kind::Nodes,
            ("pods", _) => Kind::Pods,
            ("events", _) => Kind::Events,
            (group, _) if group.contains('.') && !BUILT_IN.contains(&group) => {
                Kind::CustomResources
            }
            _ => Kind::Objects,
        }
    }
}

/// The root of a Kubernetes that a key lies below.
pub fn root_of(key: &[u8]) -> Option<&'static str> {
    ROOTS.into_iter().find(|root| key.starts_with(root.as_bytes()))
}

/// The first key behind all that begin with a prefix, as etcd's ranges have it: `\0` is the end of all.
pub fn end_of(prefix: &[u8]) -> Vec<u8> {
    let Some(grows) = prefix.iter().rposition(|byte| *byte != 0xff) else {
        return vec![0];
    };
    let mut end = prefix[..=grows].to_vec();
    end[grows] += 1;
    end
}

/// Names as they may be shown: as they are, or each part by a hash of this run. Nobody who knows a name can find its hash
/// afterwards, for what it is mixed with is forgotten.
#[derive(Debug, Default)]
pub struct Hashes(Option<RandomState>);

impl Hashes {
    /// Shows names, or hashes of them.
    pub fn new(hash: bool) -> Hashes {
        Hashes(hash.then(RandomState::new))
    }

    /// A prefix as it may be shown. Names that Kubernetes itself has given stay.
    pub fn shown(&self, prefix: &[u8]) -> String {
        let plain = prefix.escape_ascii().to_string();
        let Some(state) = &self.0 else {
            return plain;
        };
        let own = Kind::of(prefix);
        let root = root_of(prefix).unwrap_or_default();
        let rest = &plain[root.len().min(plain.len())..];
        let hashed = rest.split('/').enumerate().map(|(index, part)| {
            let known = index == 0 && !matches!(own, Kind::Other | Kind::CustomResources)
                || part == "kube-node-lease"
                || part.is_empty();
            if known { part.to_owned() } else { format!("~{:08x}", state.hash_one(part) as u32) }
        });
        format!("{root}{}", hashed.collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { depth: 3 };

    fn place(key: &str) -> (String, bool) {
        let place = LAYOUT.place(key.as_bytes());
        (String::from_utf8(place.prefix.to_vec()).unwrap(), place.bare)
    }

    #[test]
    fn resources_of_a_kubernetes_are_told_apart() {
        for (key, prefix, kind) in [
            ("/registry/pods/default/web-1", "/registry/pods/", Kind::Pods),
            ("/registry/minions/n1", "/registry/minions/", Kind::Nodes),
            (
                "/registry/leases/kube-node-lease/n1",
                "/registry/leases/kube-node-lease/",
                Kind::NodeLeases,
            ),
            ("/registry/leases/kube-system/kcm", "/registry/leases/kube-system/", Kind::Leases),
            ("/registry/services/specs/default/a", "/registry/services/specs/", Kind::Objects),
            (
                "/registry/acid.zalan.do/postgresqls/x/y",
                "/registry/acid.zalan.do/postgresqls/",
                Kind::CustomResources,
            ),
            (
                "/registry/apiextensions.k8s.io/customresourcedefinitions/x",
                "/registry/apiextensions.k8s.io/customresourcedefinitions/",
                Kind::Objects,
            ),
            ("/kubernetes.io/events/a/b", "/kubernetes.io/events/", Kind::Events),
        ] {
            assert_eq!(place(key), (prefix.to_owned(), false));
            assert_eq!(Kind::of(prefix.as_bytes()), kind, "{prefix}");
        }
    }

    #[test]
    fn others_belong_together_by_their_path() {
        assert_eq!(place("/a/b/c/d/e"), ("/a/b/c/".to_owned(), false));
        assert_eq!(place("a/b/c/d"), ("a/b/c/".to_owned(), false));
        // A key is no prefix: what lies right there is told by where it lies.
        assert_eq!(place("/a/b/c"), ("/a/b/".to_owned(), true));
        assert_eq!(place("compact_rev_key"), (String::new(), true));
        assert_eq!(place("/registry/health"), ("/registry/".to_owned(), true));
        let above: Vec<_> = Layout::above(b"/a/b/c/").collect();
        assert_eq!(above, [&b""[..], b"/", b"/a/", b"/a/b/"]);
    }

    #[test]
    fn hashes_keep_what_kubernetes_named_and_nothing_else() {
        let hashes = Hashes::new(true);
        assert_eq!(hashes.shown(b"/registry/pods/"), "/registry/pods/");
        assert_eq!(
            hashes.shown(b"/registry/leases/kube-node-lease/"),
            "/registry/leases/kube-node-lease/"
        );
        for secret in
            ["/registry/acme.example/widgets/", "/registry/leases/acme/", "/acme/widgets/"]
        {
            let shown = hashes.shown(secret.as_bytes());
            assert!(!shown.contains("acme") && !shown.contains("widgets"), "{shown}");
            assert_eq!(shown, hashes.shown(secret.as_bytes()), "the same name has one hash");
            assert_ne!(shown, Hashes::new(true).shown(secret.as_bytes()), "of this run");
        }
        assert_eq!(Hashes::new(false).shown(b"/acme/"), "/acme/");
    }
}
