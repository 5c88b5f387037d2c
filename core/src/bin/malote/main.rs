//! `malote`: the core without a screen, for servers, scripts, backup, tests and benchmarks (DESIGN section 10).

/// Prints a line. Whoever reads us may have seen enough (`malote list | head`): then we are done, without a word.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        if writeln!(std::io::stdout(), $($text)*).is_err() {
            std::process::exit(0);
        }
    }};
}

/// Prints a line for the user beside the output. Nobody listening is fine.
macro_rules! remark {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod args;
mod outgoing;
mod output;
mod run;
mod words;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run::run(args)),
        Err(e) => Err(e.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            remark!("malote: {}", words::sentence(&e, words::Language::from_env()));
            ExitCode::from(words::exit_status(e.kind))
        }
    }
}
