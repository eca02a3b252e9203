//! The top keys of the YAML.

macro_rules! keys {
    ($($variant:ident $name:literal $owner:ident,)*) => {
        /// A top key.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key { $($variant),* }

        impl Key {
            const ALL: &[(Self, &str, Owner)] = &[$((Self::$variant, $name, Owner::$owner)),*];
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Azure,
    Envwright,
}

keys! {
    Schema "$schema" Azure,
    Name "name" Azure,
    Version "version" Azure,
    Description "description" Azure,
    Tags "tags" Azure,
    Properties "properties" Azure,
    Image "image" Azure,
    CondaFile "conda_file" Azure,
    Build "build" Azure,
    OsType "os_type" Azure,
    InferenceConfig "inference_config" Azure,
    Datastore "datastore" Azure,
    CreationContext "creation_context" Azure,
    Requirements "requirements" Envwright,
    Apt "apt" Envwright,
    Python "python" Envwright,
    Env "env" Envwright,
    Files "files" Envwright,
    User "user" Envwright,
    Workdir "workdir" Envwright,
    Cmd "cmd" Envwright,
    Compile "compile" Envwright,
    Platforms "platforms" Envwright,
    Cuda "cuda" Envwright,
    BuildCompute "build_compute" Envwright,
}

impl Key {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(key, ..)| *key)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(_, name, _)| *name)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(key, ..)| *key == self).map_or("", |(_, name, _)| name)
    }

    /// Whether it is envwright's and not Azure ML's.
    pub(crate) fn is_own(self) -> bool {
        Self::ALL.iter().any(|(key, _, owner)| *key == self && *owner == Owner::Envwright)
    }

    /// Whether other YAML files are unlikely to have it beside known keys alone.
    pub(crate) fn is_telling(self) -> bool {
        matches!(self, Self::Image | Self::Requirements | Self::Apt | Self::CondaFile | Self::Build)
    }
}
