//! A PostgreSQL server of our own for the length of one test process, and a fresh database for whoever asks.
//!
//! The server listens on a unix socket in a private directory only, so there is no port to choose and nobody
//! else to let in. It writes and flushes as a server in service does; its directory lies in memory where
//! there is room.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Names the server to use instead of our own: `postgres://user:password@host:port/database`, with a role
/// that may create databases.
const SERVER_VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES_URL";

/// The URL (`postgres://...`) of a new, empty database.
///
/// Our own server takes its databases along when the process ends. On a server named by
/// `COUNTERSIGN_TEST_POSTGRES_URL` they stay for a look, and the first run on a later day drops them.
pub fn database() -> String {
    static SERVER: OnceLock<Result<Mutex<Server>, String>> = OnceLock::new();
    match SERVER.get_or_init(|| Server::find_or_start().map(Mutex::new)) {
        // A test that panicked while it held the lock did the server no harm.
        Ok(server) => server.lock().unwrap_or_else(PoisonError::into_inner).create_database(),
        Err(why) => panic!("no PostgreSQL to test with: {why}"),
    }
}

struct Server {
    /// The URL of the maintenance database.
    url: String,
    connection: PgConnection,
    /// What the names of this run's databases begin with.
    prefix: String,
    created: usize,
    /// The server ends when this goes (`None`: it is not ours).
    _guardian: Option<Child>,
}

impl Server {
    fn find_or_start() -> Result<Server, String> {
        match std::env::var(SERVER_VARIABLE) {
            Ok(url) => Server::connect(url, None),
            Err(_) => {
                let home = Home::create()?;
                let guardian = start(&home)?;
                // `PGHOST` and the like in the environment must not decide: host and user are in the URL.
                Server::connect(
                    format!("postgres://postgres@/postgres?host={}", home.path.display()),
                    Some(guardian),
                )
            }
        }
    }

    fn connect(url: String, guardian: Option<Child>) -> Result<Server, String> {
        let mut connection = PgConnection::establish(&url).map_err(|e| format!("{url}: {e}"))?;
        let today: String =
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("to_char(now(), 'YYYYMMDD')"))
                .get_result(&mut connection)
                .map_err(|e| e.to_string())?;
        if guardian.is_none() {
            drop_databases_before(&today, &mut connection)?;
        }
        let prefix = format!("countersign_test_{today}_{}", std::process::id());
        Ok(Server { url, connection, prefix, created: 0, _guardian: guardian })
    }

    fn create_database(&mut self) -> String {
        self.created += 1;
        let name = format!("{}_{}", self.prefix, self.created);
        // template0: nothing that somebody may have left in template1.
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        self.connection.batch_execute(&statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
        with_database(&self.url, &name)
    }
}

fn drop_databases_before(today: &str, connection: &mut PgConnection) -> Result<(), String> {
    let query = "datname FROM pg_database WHERE datname ~ '^countersign_test_[0-9]{8}_' \
                 AND substr(datname, 18, 8) < '";
    let old: Vec<String> = diesel::select(diesel::dsl::sql::<
        diesel::sql_types::Array<diesel::sql_types::Text>,
    >(&format!("ARRAY(SELECT {query}{today}')")))
    .get_result(connection)
    .map_err(|e| e.to_string())?;
    for name in old {
        // Another run may be dropping it at this moment.
        connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let authority = url.find("://").map_or(0, |at| at + "://".len());
    let authority_end = url[authority..].find(['/', '?']).map_or(url.len(), |at| authority + at);
    let query = url[authority_end..].find('?').map_or("", |at| &url[authority_end + at..]);
    format!("{}/{name}{query}", &url[..authority_end])
}

/// Where the server keeps its data and its socket, and who it runs as.
struct Home {
    path: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Home {
    fn create() -> Result<Home, String> {
        let programs = programs()?;
        let account = account()?;
        let path = spacious_directory().join(format!("countersign-test-{}", std::process::id()));
        // What an earlier process with our number left behind when even its guardian was killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .and_then(|()| match account {
                Some(Account { uid, gid }) => std::os::unix::fs::chown(&path, Some(uid), Some(gid)),
                None => Ok(()),
            })
            .map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Home { path, programs, account })
    }

    /// Lays the data directory: a copy of what `initdb` made the first time, which saves a second per run.
    fn fill(&self) -> Result<(), String> {
        let data = self.data();
        let template = self.template()?;
        if template.exists() {
            return copy(&template, &data);
        }
        let mut initdb = self.command("initdb");
        initdb
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data);
        run(initdb)?;
        let unfinished = template.with_extension(std::process::id().to_string());
        // Without a template the next run is slower, that is all; and another process may have made it by
        // now.
        if copy(&data, &unfinished).is_err() || std::fs::rename(&unfinished, &template).is_err() {
            let _ = std::fs::remove_dir_all(&unfinished);
        }
        Ok(())
    }

    /// Kept in `target/`, one for each version of PostgreSQL and each owner.
    fn template(&self) -> Result<PathBuf, String> {
        let mut postgres = Command::new(self.programs.join("postgres"));
        postgres.arg("--version");
        let version: String =
            run(postgres)?.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let owner = self.account.map_or("own".to_owned(), |account| account.uid.to_string());
        Ok(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{version}-{owner}")))
    }

    fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.as_account(Command::new(self.programs.join(program)))
    }

    fn as_account(&self, mut command: Command) -> Command {
        use std::os::unix::process::CommandExt;
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        // The account may not enter the directory that the tests run in.
        command.current_dir("/").env("LC_ALL", "C");
        command
    }
}

/// Runs the server under a guardian: a shell whose standard input is a pipe from us. A line tells it that the data
/// directory is laid. However this process ends, the pipe closes, and the shell stops the server and removes the
/// directory. (A parent-death signal would not do: it comes when the *thread* ends that started the server, and
/// every test has a thread of its own.)
///
/// A shell's background processes ignore SIGQUIT until the server has handlers of its own, so SIGTERM goes first;
/// alone it would wait for clients to leave. A copy that outlives us may still be writing into the directory.
const GUARDIAN: &str = r#"
    if read -r _; then
        "$@" &
        server=$!
        read -r _
        kill -TERM $server
        kill -QUIT $server
        wait $server
    fi
    rm -rf "$0" || { sleep 2; rm -rf "$0"; }
"#;

fn start(home: &Home) -> Result<Child, String> {
    let mut guardian = guard(home)?;
    home.fill()?;
    let mut to_guardian = guardian.stdin.as_ref().ok_or("the guardian has no standard input")?;
    to_guardian.write_all(b"\n").map_err(|e| format!("the guardian is gone: {e}"))?;
    let mut log = BufReader::new(guardian.stderr.take().ok_or("the guardian has no standard error")?);
    let mut said = String::new();
    while !said.contains("ready to accept connections") {
        match log.read_line(&mut said) {
            Ok(0) | Err(_) => return Err(format!("the server did not start:\n{said}")),
            // It prints its last word and the shell goes on waiting for ours.
            Ok(_) if said.contains("FATAL:") => return Err(format!("the server did not start:\n{said}")),
            Ok(_) => {}
        }
    }
    // Read on, so that a full pipe never stalls the server.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Ok(guardian)
}

fn guard(home: &Home) -> Result<Child, String> {
    let mut shell = home.as_account(Command::new("sh"));
    shell.arg("-c").arg(GUARDIAN).arg(&home.path);
    shell.arg(home.programs.join("postgres")).arg("-D").arg(home.data()).arg("-k").arg(&home.path);
    for setting in [
        "listen_addresses=",
        "max_connections=400",
        "shared_buffers=32MB",
        // In the data directory, so that nothing is left anywhere else.
        "dynamic_shared_memory_type=mmap",
        // Refused statements are the tests' business; what the server says of itself is ours.
        "log_min_messages=log",
        "log_checkpoints=off",
    ] {
        shell.arg("-c").arg(setting);
    }
    // A process group of its own: an interrupt typed at the tests must not end the guardian before its work.
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("sh: {e}"))
}

/// The directory of the newest PostgreSQL that has all it takes to run a server.
fn programs() -> Result<PathBuf, String> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort_by_key(|directory| {
        let version =
            directory.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<f32>().ok());
        std::cmp::Reverse((version.unwrap_or(0.0) * 100.0) as u32)
    });
    std::env::split_paths(&on_path)
        .chain(packaged)
        .find(|directory| ["initdb", "postgres"].iter().all(|program| directory.join(program).is_file()))
        .ok_or_else(|| {
            format!(
                "neither PATH nor /usr/lib/postgresql/*/bin has `initdb` and `postgres`. Install the PostgreSQL \
                 server (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: \
                 brew install postgresql), or name a running server in {SERVER_VARIABLE}"
            )
        })
}

fn account() -> Result<Option<Account>, String> {
    let id = |arguments: &[&str]| -> Result<u32, String> {
        let mut id = Command::new("id");
        id.args(arguments);
        run(id)?.parse().map_err(|e| format!("id {arguments:?}: {e}"))
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    let missing = |e| {
        format!(
            "PostgreSQL does not run as root, and there is no user `postgres` to run it as ({e}). The package of \
             the PostgreSQL server makes one (Debian, Ubuntu: apt-get install postgresql)"
        )
    };
    let uid = id(&["-u", "postgres"]).map_err(missing)?;
    let gid = id(&["-g", "postgres"]).map_err(missing)?;
    Ok(Some(Account { uid, gid }))
}

/// In memory when there is ample room, which a container's usual 64 MiB are not: every database takes 8 MiB.
fn spacious_directory() -> PathBuf {
    const AMPLE_KIB: u64 = 4 * 1024 * 1024;
    let mut df = Command::new("df");
    df.args(["-Pk", "/dev/shm"]);
    let free =
        run(df).ok().and_then(|table| table.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok());
    if free.is_some_and(|kib| kib >= AMPLE_KIB) { PathBuf::from("/dev/shm") } else { std::env::temp_dir() }
}

/// Copies a directory with its owners and modes, which `std::fs` cannot.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let mut cp = Command::new("cp");
    cp.arg("-a").arg(from).arg(to);
    run(cp).map(drop)
}

fn run(mut command: Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
    }
}

#[test]
fn every_database_is_empty_and_its_own() {
    let (one, other) = (database(), database());
    assert_ne!(one, other);
    assert!(one.starts_with("postgres://"), "{one}");
    let mut one = PgConnection::establish(&one).unwrap();
    let mut other = PgConnection::establish(&other).unwrap();
    one.batch_execute("CREATE TABLE mine (id text)").unwrap();
    other.batch_execute("CREATE TABLE mine (id text)").unwrap();
    let durable: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('fsync')"))
            .get_result(&mut other)
            .unwrap();
    assert_eq!(durable, "on");
}

#[test]
fn only_the_database_of_a_url_is_replaced() {
    for (url, expected) in [
        ("postgres://postgres@/postgres?host=/tmp/x", "postgres://postgres@/new?host=/tmp/x"),
        ("postgres://u:p%2F@db:5433/old", "postgres://u:p%2F@db:5433/new"),
        ("postgres://db", "postgres://db/new"),
        ("postgres://db?sslmode=require", "postgres://db/new?sslmode=require"),
    ] {
        assert_eq!(with_database(url, "new"), expected);
    }
}
