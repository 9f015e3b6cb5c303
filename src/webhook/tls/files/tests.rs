use super::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// A certificate and its key in PEM, valid from 2026 to the start of a year.
fn pair(until: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn year(year: i32) -> SystemTime {
    date_time_ymd(year, 1, 1).into()
}

/// As kubelet writes a Secret volume: the files are links into `..data`, which is a link to a folder of its own.
fn write_as_kubelet(volume: &Path, version: &str, (certificate, key): &(String, String)) {
    let folder = volume.join(version);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("tls.crt"), certificate).unwrap();
    fs::write(folder.join("tls.key"), key).unwrap();
    symlink(version, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        let link = volume.join(name);
        if !link.exists() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
}

async fn open(volume: &TempDir) -> (CertificateFiles, CurrentCertificate) {
    let path = |name| volume.path().join(name);
    let (files, first) = CertificateFiles::open(path("tls.crt"), path("tls.key")).await.unwrap();
    (files, CurrentCertificate::new(first))
}

#[tokio::test]
async fn a_swapped_secret_volume_is_noticed() {
    let volume = tempfile::tempdir().unwrap();
    write_as_kubelet(volume.path(), "..one", &pair(2030));
    let (mut files, current) = open(&volume).await;
    assert!(!files.refresh(&current, year(2027)).await.unwrap());
    write_as_kubelet(volume.path(), "..two", &pair(2031));
    assert!(files.refresh(&current, year(2027)).await.unwrap());
    assert_eq!(current.not_after(), year(2031));
    for (at, wanted) in [
        (2025, Err("the certificate is not valid yet")),
        (2026, Ok(())),
        (2030, Ok(())),
        (2031, Err("the certificate has expired")),
    ] {
        assert_eq!(current.check(year(at)), wanted, "{at}");
    }
    assert!(!files.refresh(&current, year(2027)).await.unwrap());
}

/// What never ends, or never begins, is not read: later files would never be taken.
#[tokio::test]
async fn only_small_regular_files_are_read() {
    let volume = tempfile::tempdir().unwrap();
    write_as_kubelet(volume.path(), "..good", &pair(2030));
    let (mut files, current) = open(&volume).await;
    let certificate = volume.path().join("..good/tls.crt");
    let (good, _) = pair(2031);
    let many = good.repeat(11);
    let replace = |make: &dyn Fn(&Path)| {
        fs::remove_file(&certificate).unwrap();
        make(&certificate);
    };
    for (make, wanted) in [
        (&(|path: &Path| symlink("/dev/zero", path).unwrap()) as &dyn Fn(&Path), "it is no regular file"),
        (&|path| fs::write(path, vec![b'x'; 2 << 20]).unwrap(), "it is larger than 1048576 bytes"),
        (&|path| fs::write(path, &many).unwrap(), "want at most 10 in all"),
    ] {
        replace(make);
        let error = format!("{:#}", files.refresh(&current, year(2027)).await.unwrap_err());
        assert!(error.contains(wanted), "{error}");
        assert_eq!(current.not_after(), year(2030));
    }
}

#[tokio::test]
async fn what_cannot_be_used_leaves_the_old_pair_and_is_told_once() {
    let volume = tempfile::tempdir().unwrap();
    let (good, other, expired) = (pair(2030), pair(2031), pair(2027));
    write_as_kubelet(volume.path(), "..good", &good);
    let (mut files, current) = open(&volume).await;
    let cases = [
        ("half-written", (other.0.clone(), good.1.clone()), "do not go together"),
        ("cut", (other.0[..100].to_owned(), other.1.clone()), "the certificate"),
        ("empty", (String::new(), String::new()), "key"),
        ("swapped", (other.1.clone(), other.0.clone()), "key"),
        ("expired", expired, "not valid at this time"),
    ];
    for (name, content, wanted) in cases {
        write_as_kubelet(volume.path(), name, &content);
        let error = format!("{:#}", files.refresh(&current, year(2028)).await.unwrap_err());
        assert!(error.contains(wanted) && error.contains("tls.crt"), "{name}: {error}");
        assert!(!files.refresh(&current, year(2028)).await.unwrap(), "{name} is told twice");
        assert_eq!(current.not_after(), year(2030), "{name}");
    }
    write_as_kubelet(volume.path(), "..early", &pair(2032));
    assert!(files.refresh(&current, year(2025)).await.is_err(), "not yet valid");
    fs::remove_file(volume.path().join("..data")).unwrap();
    let error = files.refresh(&current, year(2028)).await.unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("tls.crt"), "{error}");
    write_as_kubelet(volume.path(), "..last", &pair(2033));
    assert!(files.refresh(&current, year(2028)).await.unwrap());
}

#[tokio::test]
async fn a_server_does_not_start_without_a_pair() {
    let volume = tempfile::tempdir().unwrap();
    let path = |name| volume.path().join(name);
    let missing = CertificateFiles::open(path("tls.crt"), path("tls.key")).await;
    assert!(missing.unwrap_err().to_string().contains("cannot read"));
    write_as_kubelet(volume.path(), "..bad", &(pair(2030).0, pair(2030).1));
    let mixed = CertificateFiles::open(path("tls.crt"), path("tls.key")).await;
    assert!(format!("{:#}", mixed.unwrap_err()).contains("do not go together"));
}
