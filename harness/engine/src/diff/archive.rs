//! Two archives: the list of members, and every member that both have.

use super::{arch_around, of_image};
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::gather::{Depth, image};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use twinlto_facts::archive::{Member, contents};
use twinlto_facts::bitcode;
use twinlto_facts::build::{Answer, ImageFacts};
use twinlto_facts::elf::{Image, ObjectKind, SHT_SYMTAB, kind};
use twinlto_facts::kbuild::normalize_path;
use twinlto_model::Arch;
use twinlto_verdict::{
    Expectations, MemberVerdict, Sides, Verdict, compare_any, compare_archives, compare_bitcode,
};

/// What two archives are to each other.
pub(super) struct Found {
    pub(super) sides: Sides<'static>,
    pub(super) verdict: Verdict,
    /// How many members have the same bytes, for the table.
    pub(super) identical: String,
    /// What was not compared, and why.
    pub(super) unread: Vec<(String, String)>,
}

pub(super) fn compare(a: (&Path, &[u8]), b: (&Path, &[u8])) -> Result<Found, EngineError> {
    let (ours, theirs) = (Archive::open(a)?, Archive::open(b)?);
    if ours.is_distributed() != theirs.is_distributed() && !ours.members.is_empty() {
        return Err(EngineError::usage(
            format!("{} and {}", a.0.display(), b.0.display()),
            "only one of them has the native objects of a distributed build (X.thinlto-native.o)",
            "of the two modes, compare the build directories or vmlinux",
        ));
    }
    let pairs = pairs(&ours.members, &theirs.members);
    let arch = pairs.iter().find_map(|(left, _)| arch_of(&ours, left));
    let sides = Sides::of(arch.unwrap_or_else(|| arch_around(a.0)), None, None);
    let compared: Vec<(String, Result<Outcome, String>)> = pairs
        .par_iter()
        .map(|(left, right)| (left.name.clone(), one(sides, (&ours, left), (&theirs, right))))
        .collect();
    let (mut members, mut unread) = (Vec::new(), Vec::new());
    let mut quieter: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (all, mut same) = (compared.len(), 0_usize);
    for (name, outcome) in compared {
        match outcome {
            Ok(Outcome { verdict, bad, quiet }) => {
                if let Some(why) = quiet {
                    quieter.entry(why).or_default().push(name.clone());
                }
                same += usize::from(matches!(verdict, MemberVerdict::Same));
                unread
                    .extend(bad.into_iter().map(|(what, why)| (format!("{what} of {name}"), why)));
                members.push((name, verdict));
            }
            Err(why) => {
                members.push((name.clone(), MemberVerdict::Unread));
                unread.push((name, why));
            }
        }
    }
    let heads = "times, owners and permissions of members, and the symbol index".to_owned();
    unread.push((heads, "the members themselves are compared".to_owned()));
    let verdict = compare_archives(sides, &ours.names(), &theirs.names(), members);
    unread.extend(quieter.into_iter().map(|(why, names)| (few(&names), why)));
    Ok(Found { sides, verdict, identical: format!("{same} of {all} identical"), unread })
}

/// The first few of many names.
fn few(names: &[String]) -> String {
    const FEW: usize = 3;
    let mut text = names.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = names.len().checked_sub(FEW) {
        text.push_str(&format!(", +{more}"));
    }
    text
}

/// An archive and where its members are.
struct Archive<'a> {
    /// Its directory, without symbolic links.
    dir: PathBuf,
    members: Vec<Member<'a>>,
}

impl<'a> Archive<'a> {
    fn open((path, bytes): (&Path, &'a [u8])) -> Result<Self, EngineError> {
        let members = contents(bytes).map_err(|why| {
            EngineError::usage(path.display().to_string(), why, "give a whole archive")
        })?;
        let path = path.canonicalize().map_err(|error| EngineError::io("find", path, &error))?;
        Ok(Self { dir: path.parent().unwrap_or(&path).to_owned(), members })
    }

    /// Whether it is the archive of a distributed build.
    fn is_distributed(&self) -> bool {
        self.members.iter().any(|member| member.name.ends_with(".thinlto-native.o"))
    }

    fn names(&self) -> Vec<String> {
        self.members.iter().map(|member| member.name.clone()).collect()
    }

    /// The bytes of a member. One of a thin archive must lie below the archive's directory: a name
    /// that was made up must not open any file of this machine.
    fn read(&self, member: &Member<'a>) -> Result<Cow<'a, [u8]>, String> {
        if let Some(bytes) = member.bytes {
            return Ok(Cow::Borrowed(bytes));
        }
        let name = member.name.strip_prefix("./").unwrap_or(&member.name);
        let path = self.dir.join(name);
        let outside = || OUTSIDE.to_owned();
        if normalize_path(name).as_deref() != Some(name) {
            return Err(outside());
        }
        let real = path.canonicalize().map_err(|error| error.to_string())?;
        if !real.starts_with(&self.dir) {
            return Err(outside());
        }
        read_regular(&real).map(Cow::Owned).map_err(|error| error.to_string())
    }
}

/// Why a member of a thin archive is not opened.
const OUTSIDE: &str = "it lies outside of the archive's directory";

/// Members of one name, the first with the first, the second with the second.
fn pairs<'m, 'a>(
    ours: &'m [Member<'a>],
    theirs: &'m [Member<'a>],
) -> Vec<(&'m Member<'a>, &'m Member<'a>)> {
    let mut waiting: BTreeMap<&str, Vec<&Member<'a>>> = BTreeMap::new();
    for member in theirs.iter().rev() {
        waiting.entry(&member.name).or_default().push(member);
    }
    let other = |member: &'m Member<'a>| {
        let other = waiting.get_mut(member.name.as_str())?.pop()?;
        Some((member, other))
    };
    ours.iter().filter_map(other).collect()
}

fn arch_of(archive: &Archive<'_>, member: &Member<'_>) -> Option<Arch> {
    match kind(&archive.read(member).ok()?) {
        ObjectKind::Elf(ident) => Arch::from_e_machine(ident.e_machine),
        _ => None,
    }
}

/// One pair, compared, and what of it could not be read.
struct Outcome {
    verdict: MemberVerdict,
    bad: Vec<(String, String)>,
    /// Where nothing that is compared differs: what has other bytes all the same.
    quiet: Option<String>,
}

impl From<MemberVerdict> for Outcome {
    fn from(verdict: MemberVerdict) -> Self {
        Self { verdict, bad: Vec::new(), quiet: None }
    }
}

type In<'m, 'a> = (&'m Archive<'a>, &'m Member<'a>);

fn one(sides: Sides<'_>, a: In<'_, '_>, b: In<'_, '_>) -> Result<Outcome, String> {
    let side = |name: &str, why: String| format!("{name}: {why}");
    let (left, right) = match (a.0.read(a.1), b.0.read(b.1)) {
        (Ok(left), Ok(right)) => (left, right),
        // That one may not be opened is no fault of the file.
        (Err(why), _) if why == OUTSIDE => return Err(side(sides.left, why)),
        (_, Err(why)) if why == OUTSIDE => return Err(side(sides.right, why)),
        (Err(why), Err(_)) => return Err(side(sides.left, why)),
        (Err(why), Ok(right)) => {
            return Ok(MemberVerdict::Lost(why, format!("{} bytes", right.len())).into());
        }
        (Ok(left), Err(why)) => {
            return Ok(MemberVerdict::Lost(format!("{} bytes", left.len()), why).into());
        }
    };
    if left == right {
        return Ok(MemberVerdict::Same.into());
    }
    match (kind(&left), kind(&right)) {
        (ObjectKind::Elf(_), ObjectKind::Elf(_)) => {
            let read = |bytes: &[u8]| image::facts(bytes, Depth::Code);
            let (x, y) = match (read(&left), read(&right)) {
                (Ok(x), Ok(y)) => (x, y),
                (Err(why), Err(_)) => return Err(side(sides.left, why)),
                (Err(why), Ok(_)) => {
                    return Ok(MemberVerdict::Lost(why, "a sound object".to_owned()).into());
                }
                (Ok(_), Err(why)) => {
                    return Ok(MemberVerdict::Lost("a sound object".to_owned(), why).into());
                }
            };
            let bad = [unreadable(&x, sides.left), unreadable(&y, sides.right)].concat();
            let code = if x.is_relocatable && y.is_relocatable {
                vec![("vmlinux".to_owned(), x.clone(), y.clone())]
            } else {
                Vec::new()
            };
            let (x, y) = (of_image(a.1.name.clone(), x), of_image(b.1.name.clone(), y));
            let verdict = compare_any(sides, &x, &y, (&code, &[]), &Expectations::default());
            let quiet = says_nothing(&verdict).then(|| other_data(&left, &right)).flatten();
            Ok(Outcome { verdict: MemberVerdict::Compared(verdict), bad, quiet })
        }
        (ObjectKind::Bitcode { .. }, ObjectKind::Bitcode { .. }) => {
            let read = |name, error: bitcode::BitcodeError| side(name, error.to_string());
            let x = bitcode::read(&left).map_err(|error| read(sides.left, error))?;
            let y = bitcode::read(&right).map_err(|error| read(sides.right, error))?;
            let verdict = compare_bitcode(sides, &x, &y);
            let quiet = says_nothing(&verdict).then(|| {
                "bitcode with other bytes; its function bodies are not compared".to_owned()
            });
            Ok(Outcome { verdict: MemberVerdict::Compared(verdict), bad: Vec::new(), quiet })
        }
        (x, y) => {
            let say = |kind: ObjectKind, bytes: &[u8]| format!("{kind}, {} bytes", bytes.len());
            Ok(MemberVerdict::Kinds(say(x, &left), say(y, &right)).into())
        }
    }
}

fn says_nothing(verdict: &Verdict) -> bool {
    verdict.layers.iter().all(|layer| layer.findings.is_empty())
}

/// Which sections of two ELF files have other bytes. None where only their symbol tables have:
/// these are compared name by name, and numbers that the compiler derives are no difference.
fn other_data(a: &[u8], b: &[u8]) -> Option<String> {
    const SHT_STRTAB: u32 = 3;
    let (a, b) = (Image::parse(a).ok()?, Image::parse(b).ok()?);
    let mut names = BTreeSet::new();
    for (index, (x, y)) in a.sections.iter().zip(&b.sections).enumerate() {
        let of_names = x.sh_type == y.sh_type && [SHT_SYMTAB, SHT_STRTAB].contains(&x.sh_type);
        if !of_names && (x.name != y.name || a.data(index) != b.data(index)) {
            names.insert(x.name.as_ref());
        }
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    (!names.is_empty())
        .then(|| format!("other bytes in {}, which are not compared byte by byte", few(&names)))
}

/// What of an ELF file makes no sense, and why.
fn unreadable(image: &ImageFacts, side: &str) -> Vec<(String, String)> {
    fn bad<T>(what: &str, answer: &Answer<T>, side: &str) -> Option<(String, String)> {
        match answer {
            Answer::Bad(why) => Some((what.to_owned(), format!("{side}: {why}"))),
            Answer::Absent | Answer::Read(_) => None,
        }
    }
    let marks =
        image.marks.iter().filter_map(|(mark, answer)| bad(&mark.to_string(), answer, side));
    let fixed =
        [bad("exports", &image.exports, side), bad("debug information", &image.producers, side)];
    fixed.into_iter().flatten().chain(marks).collect()
}
