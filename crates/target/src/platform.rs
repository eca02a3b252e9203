//! Platforms as the OCI image specification names them (image-index.md, `platform`).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A processor architecture that images are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
}

impl Arch {
    /// Debian's and OCI's name: `amd64`, `arm64`.
    pub fn oci(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The kernel's and wheels' name: `x86_64`, `aarch64`.
    pub fn machine(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Debian's multiarch triplet (the `/usr/lib/<triplet>` folder).
    pub fn triplet(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
        }
    }
}

/// `linux/<architecture>`. Displays and serialises so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Platform {
    /// The architecture; the system is always Linux with glibc.
    pub arch: Arch,
}

/// A platform that no image is made for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform `{0}`: known are linux/amd64 and linux/arm64")]
pub struct PlatformError(pub String);

impl Platform {
    /// `linux/amd64`.
    pub const AMD64: Self = Self { arch: Arch::Amd64 };
    /// `linux/arm64`.
    pub const ARM64: Self = Self { arch: Arch::Arm64 };

    /// The machine's own architecture, where images are made for it.
    pub fn host() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::AMD64),
            "aarch64" => Some(Self::ARM64),
            _ => None,
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;
    fn from_str(text: &str) -> Result<Self, PlatformError> {
        match text {
            "linux/amd64" | "linux/x86_64" | "amd64" | "linux-64" => Ok(Self::AMD64),
            "linux/arm64" | "linux/arm64/v8" | "linux/aarch64" | "arm64" | "linux-aarch64" => Ok(Self::ARM64),
            other => Err(PlatformError(other.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux/{}", self.arch.oci())
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

impl TryFrom<String> for Platform {
    type Error = PlatformError;
    fn try_from(text: String) -> Result<Self, PlatformError> {
        text.parse()
    }
}
