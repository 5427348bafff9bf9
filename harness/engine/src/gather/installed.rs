//! What is installed beside the image, and when what is linked was made.

use super::answer;
use crate::fs::read_regular;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;
use twinlto_facts::build::{Answer, BuildFacts, Installed};
use twinlto_facts::elf::Image;
use twinlto_facts::kbuild::{
    Apart, built_in_list, built_in_modinfo, module_members, normalize_path, system_map,
};

/// Reads the files and what they are made of.
pub(super) fn read(dir: &Path) -> Installed {
    let modinfo = "modules.builtin.modinfo";
    Installed {
        map: against(dir, "System.map", &["vmlinux"], true, |text, image| {
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
            dir,
            modinfo,
            &["vmlinux.unstripped", "vmlinux", "vmlinux.o"],
            false,
            built_in_modinfo,
        ),
    }
}

/// Holds a file against the first image that says something of it, with its symbols or without.
fn against(
    dir: &Path,
    name: &str,
    images: &[&str],
    symbols: bool,
    compare: impl Fn(&[u8], &Image<'_>) -> Option<Apart>,
) -> Answer<Apart> {
    answer(&dir.join(name), |text| {
        let mut why = format!("there is no image to hold {name} against");
        for image in images {
            let Ok(bytes) = read_regular(&dir.join(image)) else { continue };
            match if symbols { Image::parse(&bytes) } else { Image::outline(&bytes) } {
                Ok(parsed) => match compare(&text, &parsed) {
                    Some(apart) => return Ok(apart),
                    None => why = format!("{image} says nothing of what {name} holds"),
                },
                Err(error) => why = format!("{image}: {error}"),
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
