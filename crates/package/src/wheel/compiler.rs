//! Byte code, made by a CPython of the image's version.

use crate::error::Fault;
use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Reads sources from standard input and writes the content of `.pyc` files to standard output, each after its size. It
/// imports only what is built into the interpreter, and runs nothing of what it compiles. Format 2 of marshal knows no
/// references to earlier objects, on whose counts the bytes of later formats depend.
const PROGRAM: &str = r"
import sys, marshal, _imp, _frozen_importlib_external as external
take, give = sys.stdin.buffer, sys.stdout.buffer
magic = external.MAGIC_NUMBER
token = int.from_bytes(magic, 'little')
while True:
    sizes = take.read(8)
    if len(sizes) < 8:
        break
    path = take.read(int.from_bytes(sizes[:4], 'little')).decode()
    source = take.read(int.from_bytes(sizes[4:], 'little'))
    try:
        code = compile(source, path, 'exec', dont_inherit=True, optimize=0)
        made = magic + bytes([1, 0, 0, 0]) + _imp.source_hash(token, source) + marshal.dumps(code, 2)
    except (SyntaxError, ValueError, RecursionError, OverflowError):
        made = b''
    give.write(len(made).to_bytes(4, 'little') + made)
    give.flush()
";

/// A CPython that makes byte code on this machine.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The interpreter, with what stands before its own arguments.
    pub command: Vec<OsString>,
    /// Its `PYTHONHOME`, where it does not find its library by itself.
    pub home: Option<PathBuf>,
    /// Major, minor and micro version.
    pub version: (u8, u8, u8),
}

impl Compiler {
    /// Starts it for one package.
    pub(crate) fn start(&self) -> Result<Running, Fault> {
        let (program, arguments) = self.command.split_first().ok_or_else(|| failed("there is none"))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .args(["-s", "-S", "-B", "-W", "ignore", "-c", PROGRAM])
            .env_clear()
            .envs(self.home.iter().map(|home| ("PYTHONHOME", home)))
            // The order of a set of constants depends on it.
            .env("PYTHONHASHSEED", "0")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(&error.to_string()))?;
        let (stdin, stdout) =
            child.stdin.take().zip(child.stdout.take()).ok_or_else(|| failed("no pipes"))?;
        Ok(Running { child, stdin, stdout })
    }
}

/// A compiler at work.
pub(crate) struct Running {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Running {
    /// The content of the `.pyc` file of a source; none where Python cannot compile it.
    pub(crate) fn compile(&mut self, path: &str, source: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let made =
            self.ask(path, source).map_err(|error| failed(&format!("it ended at `{path}` ({error})")))?;
        Ok(Some(made).filter(|made| !made.is_empty()))
    }

    fn ask(&mut self, path: &str, source: &[u8]) -> io::Result<Vec<u8>> {
        for part in [path.as_bytes(), source] {
            let size = u32::try_from(part.len()).map_err(io::Error::other)?;
            self.stdin.write_all(&size.to_le_bytes())?;
        }
        self.stdin.write_all(path.as_bytes())?;
        self.stdin.write_all(source)?;
        self.stdin.flush()?;
        let mut size = [0; 4];
        self.stdout.read_exact(&mut size)?;
        let mut made = vec![0; usize::try_from(u32::from_le_bytes(size)).map_err(io::Error::other)?];
        self.stdout.read_exact(&mut made)?;
        Ok(made)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended by itself cannot be killed; that is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(reason: &str) -> Fault {
    Fault::Compiler(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_ends_is_told_with_the_module() {
        let command = vec![OsString::from("false")];
        let mut running = Compiler { command, home: None, version: (3, 11, 2) }.start().unwrap();
        let Err(Fault::Compiler(reason)) = running.compile("/a.py", b"") else { panic!("it compiled") };
        assert!(reason.starts_with("it ended at `/a.py`"), "{reason}");
    }
}
