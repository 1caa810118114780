//! The light commands `kvm-create`, `kvm-clone`, `kvm-snap`, `kvm-delete` and `kvm-list`: one program,
//! called by links of these names or with the name as its first argument. No index, no model.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use kai_tools::face::settings::Settings;
use kai_tools::face::{ExecutorArgs, OpCommand, Options, Say, Session, overrule};
use kai_tools::names::{
    BridgeName, HostPath, OsVariant, Size, SnapshotLabel, SshKey, UserData, VmName, VmPrefix, VolBlockSize,
};
use kai_tools::operator::Target;
use kai_tools::request::Request;
use kai_tools::tool::{
    Freeze, KvmClone, KvmCreate, KvmDelete, KvmList, KvmRollback, KvmSnap, KvmSnapDelete, SnapshotList,
};

/// Virtual machines on OpenZFS: create, clone, snapshot, delete, list.
///
/// Every change is shown first and done after a yes; everything is written to a journal that
/// `kai op history` shows and `kai op undo` takes back.
#[derive(Debug, Parser)]
#[command(name = "kai-kvm", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// Where the journal is kept, in a folder `ops` in there; /var/lib/kai if nothing is said.
    #[arg(long, global = true, value_name = "DIR", env = "KAI_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
    /// Print machine-readable JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Say only what went wrong.
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    Clone(CloneVm),
    Snap(Snap),
    Delete(Delete),
    List(List),
    Executor(ExecutorArgs),
    /// All operations, as `kai op` has them: tools, history, show, undo, resume.
    Op {
        #[command(subcommand)]
        command: OpCommand,
    },
}

/// Create a VM with a disk on a ZFS volume.
#[derive(Debug, Args)]
#[command(after_help = "Example: kvm-create web1 --ram 4096 --cpus 4 --disk 40 --iso /srv/iso/debian-12.iso")]
struct Create {
    /// Its name.
    vm: VmName,
    /// Its memory: MiB, or with a unit (4G).
    #[arg(long, alias = "memory", default_value = "2048", value_parser = mib)]
    ram: Size,
    /// Its processors.
    #[arg(long, alias = "vcpus", default_value_t = 2)]
    cpus: u32,
    /// The size of its disk: GiB, or with a unit (500M).
    #[arg(long, default_value = "40", value_parser = gib)]
    disk: Size,
    /// A medium to install from.
    #[arg(long)]
    iso: Option<HostPath>,
    /// An image that is copied to the disk.
    #[arg(long)]
    image: Option<HostPath>,
    /// The bridge that it is plugged into.
    #[arg(long)]
    bridge: Option<BridgeName>,
    /// Its operating system, as libosinfo names it.
    #[arg(long, alias = "os-variant")]
    os: Option<OsVariant>,
    /// The block size of its volume.
    #[arg(long, default_value = "16K")]
    volblocksize: VolBlockSize,
    /// Start it at once.
    #[arg(long)]
    start: bool,
}

/// Clone a VM: its disks from a snapshot, everything else its own.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kvm-clone golden web1 --snap @sealed\n  kvm-clone golden web1 web2 web3 --start\n  kvm-clone golden --prefix node --count 4"
)]
struct CloneVm {
    /// The VM to clone.
    source: VmName,
    /// The clones' names.
    #[arg(required_unless_present = "prefix")]
    names: Vec<VmName>,
    /// Instead of names: what they begin with; numbers follow.
    #[arg(long, requires = "count", conflicts_with = "names")]
    prefix: Option<VmPrefix>,
    /// How many.
    #[arg(long, requires = "prefix")]
    count: Option<u32>,
    /// The snapshot to clone: name, @name or dataset@name.
    #[arg(long, alias = "snapshot")]
    snap: Option<String>,
    /// Start them at once.
    #[arg(long)]
    start: bool,
    /// A public key that may log in.
    #[arg(long)]
    ssh_key: Option<SshKey>,
    /// A file with a cloud-init document.
    #[arg(long, value_name = "FILE", value_parser = document)]
    user_data: Option<UserData>,
}

/// Snapshots of a VM: take one, or list, roll back, delete.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kvm-snap web1                          take one, named by the time\n  kvm-snap web1 take before-update\n  kvm-snap web1 list\n  kvm-snap web1 rollback before-update\n  kvm-snap web1 delete before-update"
)]
struct Snap {
    /// The VM.
    vm: VmName,
    #[command(subcommand)]
    command: Option<SnapCommand>,
}

#[derive(Debug, Subcommand)]
enum SnapCommand {
    /// Take a snapshot.
    #[command(alias = "create")]
    Take {
        /// Its name; one with the time if nothing is said.
        name: Option<SnapshotLabel>,
        /// Let the guest agent quiesce the file systems first.
        #[arg(long)]
        freeze: bool,
    },
    /// List its snapshots.
    List,
    /// Bring the VM back to a snapshot.
    Rollback {
        /// The snapshot; the newest if nothing is said.
        name: Option<SnapshotLabel>,
        /// Do not keep the present state.
        #[arg(long)]
        discard_current: bool,
    },
    /// Destroy a snapshot.
    Delete {
        /// The snapshot.
        name: SnapshotLabel,
    },
}

/// Delete a VM with its disks and snapshots.
#[derive(Debug, Args)]
struct Delete {
    /// The VM.
    vm: VmName,
    /// Also if it is running.
    #[arg(long, short)]
    force: bool,
}

/// List the VMs.
#[derive(Debug, Args)]
struct List {
    /// Only this one.
    vm: Option<VmName>,
}

fn with_unit(text: &str, unit: char) -> Result<Size, String> {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = if bare { format!("{text}{unit}") } else { text.to_owned() };
    text.parse::<Size>().map_err(|error| error.to_string())
}

fn mib(text: &str) -> Result<Size, String> {
    with_unit(text, 'M')
}

fn gib(text: &str) -> Result<Size, String> {
    with_unit(text, 'G')
}

fn document(path: &str) -> Result<UserData, String> {
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| format!("{path}: {error}"))?;
    text.parse::<UserData>().map_err(|error| error.reason.to_owned())
}

/// `@x`, `x` and `dataset@x` all name a snapshot `x`.
fn label(text: &str) -> Result<SnapshotLabel, String> {
    let label = text.rsplit('@').next().unwrap_or_default();
    label.parse::<SnapshotLabel>().map_err(|error| error.to_string())
}

impl Command {
    fn op(self) -> Result<OpCommand, String> {
        Ok(OpCommand::Request(Box::new(match self {
            Self::Op { command } => return Ok(command),
            Self::Executor(_) => return Err("an executor is no operation".to_owned()),
            Self::Create(args) => Request::KvmCreate(KvmCreate {
                name: args.vm,
                memory: args.ram,
                vcpus: args.cpus,
                disk: args.disk,
                image: args.image,
                iso: args.iso,
                bridge: args.bridge,
                os_variant: args.os,
                volblocksize: args.volblocksize,
                start: args.start,
            }),
            Self::Clone(args) => Request::KvmClone(KvmClone {
                source: args.source,
                names: args.names,
                prefix: args.prefix,
                count: args.count,
                snapshot: args.snap.as_deref().map(label).transpose()?,
                start: args.start,
                ssh_key: args.ssh_key,
                user_data: args.user_data,
            }),
            Self::Snap(Snap { vm, command }) => match command {
                None => Request::KvmSnap(KvmSnap { vm, name: None, freeze: Freeze::Auto }),
                Some(SnapCommand::Take { name, freeze }) => {
                    let freeze = if freeze { Freeze::Yes } else { Freeze::Auto };
                    Request::KvmSnap(KvmSnap { vm, name, freeze })
                }
                Some(SnapCommand::List) => Request::SnapshotList(SnapshotList { dataset: None, vm: Some(vm) }),
                Some(SnapCommand::Rollback { name, discard_current }) => {
                    Request::KvmRollback(KvmRollback { vm, snapshot: name, keep_current: !discard_current })
                }
                Some(SnapCommand::Delete { name }) => Request::KvmSnapDelete(KvmSnapDelete { vm, snapshot: name }),
            },
            Self::Delete(args) => Request::KvmDelete(KvmDelete { vm: args.vm, force: args.force }),
            Self::List(args) => Request::KvmList(KvmList { vm: args.vm }),
        })))
    }
}

fn main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let called = words.first().and_then(|path| Path::new(path).file_name()?.to_str()).unwrap_or_default();
    // A link of that name is the first argument.
    let verb = called.strip_prefix("kvm-").map(str::to_owned);
    let mut program = Cli::command();
    if let Some(verb) = verb {
        program = named_as_link(program, &verb);
        words.insert(1, verb.into());
    }
    let program = match Settings::load(&program) {
        Ok(settings) => settings.apply(program),
        Err(error) => {
            Say::new(false, false).failure(&error, &error.hints());
            return ExitCode::from(error.status());
        }
    };
    let matches = overrule(program, &words).get_matches_from(&words);
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Command::Executor(_) = cli.command {
        // Who operates the host for others asks no other to do it.
        cli.options.host.executor = None;
    }
    let say = Say::new(cli.json, cli.quiet);
    let here = cli.options.host.target() == Target::Local;
    if here && !kai_tools::host::is_root() {
        let error = kai_tools::host::run_as_root(&as_root(&cli, &matches, &words[1..]));
        say.wrong(&format!("this has to run as root, and sudo cannot be used: {error}"));
        return ExitCode::from(kai_tools::face::status::FAILED);
    }
    let data = cli.data_dir.as_deref();
    if let Command::Executor(args) = &cli.command {
        return ExitCode::from(args.run(&cli.options, data, say));
    }
    let command = match cli.command.op() {
        Ok(command) => command,
        Err(text) => {
            say.wrong(&text);
            return ExitCode::from(kai_tools::face::status::USAGE);
        }
    };
    match Session::open(cli.options, data, say) {
        Ok(session) => ExitCode::from(session.op(&command)),
        Err(status) => ExitCode::from(status),
    }
}

/// The words for root, who has neither this environment nor this user's settings: what they say goes along.
fn as_root(cli: &Cli, matches: &ArgMatches, words: &[OsString]) -> Vec<OsString> {
    let unsaid = |id: &str| matches.value_source(id) != Some(ValueSource::CommandLine);
    let data = cli.data_dir.iter().map(|data| ("data_dir", "--data-dir", data.clone().into_os_string()));
    let vms = cli.options.host.vm_root.iter().map(|root| ("vm_root", "--vm-root", root.to_string().into()));
    let along = data.chain(vms).filter(|(id, ..)| unsaid(id));
    along.flat_map(|(_, option, value)| [option.into(), value]).chain(words.iter().cloned()).collect()
}

/// The program as a link calls it: its help has the link's name in the place of program and verb.
fn named_as_link(program: clap::Command, verb: &str) -> clap::Command {
    let Some(sub) = program.find_subcommand(verb) else { return program };
    let mut alone = sub.clone().name(format!("kvm-{verb}")).bin_name(format!("kvm-{verb}"));
    alone.build();
    program.mut_subcommand(verb, |sub| with_usage_of(sub, &mut alone))
}

fn with_usage_of(sub: clap::Command, alone: &mut clap::Command) -> clap::Command {
    let usage = alone.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    sub.override_usage(usage).mut_subcommands(|nested| {
        let name = nested.get_name().to_owned();
        match alone.find_subcommand_mut(name) {
            Some(alone) => with_usage_of(nested, alone),
            None => nested,
        }
    })
}
