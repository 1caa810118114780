//! What is said on the command line wins over the environment.

use std::process::{Command, Output, Stdio};

use super::support::starting;

#[allow(clippy::disallowed_methods, reason = "the program under test is started here")]
fn program(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
    command.env("KAI_CONFIG", "/dev/null");
    for name in ["KAI_SIM", "KAI_EXECUTOR", "KAI_VM_ROOT", "KAI_DATA_DIR"] {
        command.env_remove(name);
    }
    command.args(args).envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = {
        let _alone = starting();
        command.spawn().unwrap()
    };
    child.wait_with_output().unwrap()
}

#[test]
fn a_host_that_is_named_is_the_one_whatever_the_environment_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.json");
    let file = file.to_str().unwrap();
    // Before the verb, behind it, and for a tool of the catalogue.
    for args in [&["--sim", file, "list"][..], &["list", "--sim", file], &["op", "kvm-list", "--sim", file]] {
        let run = program(args, &[("KAI_EXECUTOR", "/nowhere/executor.sock")]);
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
        assert!(String::from_utf8_lossy(&run.stdout).contains("web1"), "{args:?}");
    }
    let run = program(&["list", "--executor", "/nowhere/executor.sock"], &[("KAI_SIM", file)]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(said.contains("/nowhere/executor.sock") && !said.contains("cannot be used with"), "{said}");
    // Without a word, the environment's is it.
    assert!(program(&["list"], &[("KAI_SIM", file)]).status.success());
}

#[test]
fn two_hosts_in_one_place_are_refused() {
    let said = program(&["list", "--sim", "/nowhere/a", "--executor", "/nowhere/b"], &[]);
    let both = program(&["list"], &[("KAI_SIM", "/nowhere/a"), ("KAI_EXECUTOR", "/nowhere/b")]);
    for run in [said, both] {
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&run.stderr).contains("cannot be used with"));
    }
}
