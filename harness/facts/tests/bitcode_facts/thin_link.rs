use crate::oracle::{dumped, facts};
use crate::support::{Llvm, OTHER, SOURCE, llvm};
use twinlto_facts::bitcode::{Index, ModuleHash, read};

fn objects(llvm: &Llvm) {
    let args = ["--target=x86_64-linux-gnu", "-flto=thin"];
    llvm.clang("a.c", SOURCE, "a.o", &args);
    llvm.clang("b.c", OTHER, "b.o", &args);
    llvm.clang("unused.c", "int unused(void) { return 1; }", "unused.o", &args);
}

fn index(bytes: &[u8]) -> Index {
    read(bytes).unwrap().modules[0].index().unwrap().clone()
}

fn hash(bytes: &[u8]) -> Option<ModuleHash> {
    read(bytes).unwrap().modules[0].ir().unwrap().hash
}

#[test]
fn an_index_names_its_modules() {
    let Some(llvm) = llvm("an_index_names_its_modules") else { return };
    objects(&llvm);
    let link = ["--thinlto-index-only", "-e", "start", "a.o", "b.o", "-o", "out"];
    llvm.run("ld.lld", &[&link[..], &["--start-lib", "unused.o", "--end-lib"]].concat());
    for file in ["a.o", "b.o", "unused.o"] {
        let name = format!("{file}.thinlto.bc");
        assert_eq!(facts(&llvm.read(&name)), dumped(&llvm, &name), "{name}");
    }
    let mine = index(&llvm.read("a.o.thinlto.bc"));
    let paths: Vec<_> = mine.modules.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["a.o", "b.o"]);
    for module in &mine.modules {
        assert!(module.hash.is_some());
        assert_eq!(module.hash, hash(&llvm.read(&module.path)), "{}", module.path);
    }
    let summary = mine.summary.unwrap();
    assert!(summary.functions() > 0 && summary.guids() > 0 && summary.unknown() == 0);
    let flags = summary.flags.unwrap();
    assert!(flags.dead_stripping() && !flags.skip_module());

    let skipped = index(&llvm.read("unused.o.thinlto.bc")).summary.unwrap();
    assert!(skipped.flags.unwrap().skip_module());
    assert_eq!((skipped.functions(), skipped.variables(), skipped.aliases()), (0, 0, 0));
}

#[test]
fn the_index_of_a_whole_link_is_read() {
    let Some(llvm) = llvm("the_index_of_a_whole_link_is_read") else { return };
    objects(&llvm);
    llvm.run("llvm-lto", &["-thinlto-action=thinlink", "-o", "all.bc", "a.o", "b.o"]);
    let bytes = llvm.read("all.bc");
    assert_eq!(facts(&bytes), dumped(&llvm, "all.bc"));
    let all = index(&bytes);
    assert_eq!(all.modules.len(), 2);
    let summary = all.summary.unwrap();
    assert_eq!((summary.functions(), summary.aliases()), (7, 1));
    assert!(summary.variables() > 0);
}
