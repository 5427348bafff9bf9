//! What is installed beside the image, and when what is linked was made.

use super::answer;
use super::image::Linked;
use crate::fs::read_regular;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;
use twinlto_facts::build::{Answer, BuildFacts, Installed};
use twinlto_facts::elf::{ElfError, Image};
use twinlto_facts::kbuild::{
    Apart, built_in_list, built_in_modinfo, module_members, normalize_path, system_map,
};

/// Reads the files and what they are made of; `vmlinux` is read already, if it is there.
pub(super) fn read(dir: &Path, vmlinux: Option<&Linked<'_>>) -> Installed {
    let modinfo = "modules.builtin.modinfo";
    let against =
        |name: &str, images: &[&str], symbols, compare: &dyn Fn(&[u8], &Image<'_>) -> _| {
            against(&Origin { dir, vmlinux, images, symbols }, name, compare)
        };
    Installed {
        map: against("System.map", &["vmlinux"], true, &|text, image| {
            let text = String::from_utf8_lossy(text);
            let apart = system_map(&text, image, None)?;
            if apart.installed.is_empty() {
                return Some(apart);
            }
            // Labels of a section that was removed from it.
            let before = read_regular(&dir.join("vmlinux.unstripped")).unwrap_or_default();
            system_map(&text, image, Image::parse(&before).ok().as_ref())
        }),
        built_in: answer(&dir.join("modules.builtin"), |text| {
            let origin = read_regular(&dir.join(modinfo));
            let origin = origin.map_err(|error| format!("{modinfo}: {error}"))?;
            Ok(built_in_list(&String::from_utf8_lossy(&text), &origin))
        }),
        // Since Linux 6.18 the image itself has none; before, it was taken from vmlinux.o.
        modinfo: against(
            modinfo,
            &["vmlinux.unstripped", "vmlinux", "vmlinux.o"],
            false,
            &built_in_modinfo,
        ),
    }
}

/// What a file is made of.
struct Origin<'o> {
    dir: &'o Path,
    vmlinux: Option<&'o Linked<'o>>,
    /// Names of images, of which the first that says something counts.
    images: &'o [&'o str],
    /// Whether their symbols are what counts.
    symbols: bool,
}

impl Origin<'_> {
    /// Gives an image to `look`, if it is there.
    fn look<T>(
        &self,
        name: &str,
        look: impl FnOnce(Result<&Image<'_>, &ElfError>) -> T,
    ) -> Option<T> {
        let read;
        let bytes = match self.vmlinux.filter(|_| name == "vmlinux") {
            Some(linked) if self.symbols => return Some(look(linked.image.as_ref())),
            Some(linked) => linked.bytes,
            None => {
                read = read_regular(&self.dir.join(name)).ok()?;
                &read
            }
        };
        let image = if self.symbols { Image::parse(bytes) } else { Image::outline(bytes) };
        Some(look(image.as_ref()))
    }
}

/// Holds a file against the first image that says something of it.
fn against(
    origin: &Origin<'_>,
    name: &str,
    compare: &dyn Fn(&[u8], &Image<'_>) -> Option<Apart>,
) -> Answer<Apart> {
    answer(&origin.dir.join(name), |text| {
        let mut why = format!("there is no image to hold {name} against");
        for image in origin.images {
            let said = origin.look(image, |parsed| match parsed {
                Ok(parsed) => compare(&text, parsed)
                    .ok_or_else(|| format!("{image} says nothing of what {name} holds")),
                Err(error) => Err(format!("{image}: {error}")),
            });
            match said {
                Some(Ok(apart)) => return Ok(apart),
                Some(Err(no)) => why = no,
                None => {}
            }
        }
        Err(why)
    })
}

/// When the image was made, stage by stage, and modules with what they are made from.
pub(super) fn times(dir: &Path, facts: &BuildFacts) -> BTreeMap<String, SystemTime> {
    let stages = ["vmlinux.a", "vmlinux.o", "vmlinux.unstripped", "vmlinux"];
    let mut names: Vec<String> = stages.map(str::to_owned).into();
    for stem in facts.modules.keys() {
        names.extend([".ko", ".o", ".mod.o"].map(|end| format!("{stem}{end}")));
        let list = read_regular(&dir.join(format!("{stem}.mod"))).unwrap_or_default();
        let members = module_members(&String::from_utf8_lossy(&list)).objects;
        names.extend(members.iter().filter_map(|name| normalize_path(name)));
    }
    let time = |name: &String| std::fs::metadata(dir.join(name)).and_then(|it| it.modified()).ok();
    names.into_iter().filter_map(|name| Some((name.clone(), time(&name)?))).collect()
}
