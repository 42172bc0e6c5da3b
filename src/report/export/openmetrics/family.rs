//! Gauges of one name, with their labels.

/// Gauges of one name.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) samples: Vec<(Labels, f64)>,
}

impl Family {
    pub(super) fn new(name: &'static str, help: &'static str) -> Self {
        Family { name, help, samples: Vec::new() }
    }

    pub(super) fn with(mut self, samples: impl IntoIterator<Item = (Labels, f64)>) -> Self {
        self.samples.extend(samples);
        self
    }

    /// The one of these words that holds is 1, the others are 0.
    pub(super) fn one_of<'a>(
        mut self,
        labels: &Labels,
        name: &str,
        words: impl IntoIterator<Item = &'a str>,
        holds: &str,
    ) -> Self {
        for word in words {
            let mut labels = labels.clone();
            labels.push(label(name, word));
            self.samples.push((labels, f64::from(u8::from(word == holds))));
        }
        self
    }
}

pub(super) type Labels = Vec<(String, String)>;

/// What the label `phase="etcd"` is made of.
pub(super) fn label(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}
