//! The `envwright` command.

fn main() -> std::process::ExitCode {
    envwright::main()
}
