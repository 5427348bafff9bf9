use super::*;
use std::time::Instant;
use twinlto_model::Arch;

fn toolchains(majors: &[u32]) -> Vec<KnownToolchain> {
    let known = |major: &u32| KnownToolchain {
        name: format!("clang {major}.1.0"),
        version: ToolVersion { major: *major, minor: 1, patch: 0 },
        given: false,
    };
    majors.iter().map(known).collect()
}

fn spec(text: &str) -> Spec {
    Spec::parse("x", "x.toml", text).unwrap().filled(Arch::Arm64)
}

#[test]
fn a_matrix_is_a_product_less_what_is_excluded_and_with_what_is_included() {
    let spec = spec(
        "kernels = ['pocket', '/linux']\narches = ['arm64', 'x86_64']\ntoolchains = ['22', '>=24']\n\
         [[exclude]]\nkernel = '/linux'\ntoolchain = '>=24'\nreason = 'not yet'\n\
         [[include]]\nkernel = 'pocket'\nconfig = 'defconfig'\narch = 'riscv'\ntoolchain = '19'\n\
         [[expect]]\narch = 'x86_64'\noutcome = 'differ'\nreason = 'known'\n",
    );
    let cells = cells(&spec, &toolchains(&[19, 22, 23, 24, 25]));
    assert_eq!(cells.len(), 2 * 2 * 3 + 1);
    assert_eq!(cells.iter().filter(|cell| cell.excluded.is_some()).count(), 4);
    let last = &cells.last().unwrap().id;
    assert_eq!((last.arch, last.toolchain.as_str()), (Arch::Riscv, "clang 19.1.0"));
    assert_eq!(cells.iter().filter(|cell| !cell.rules.is_empty()).count(), 6);
}

#[test]
fn what_is_not_said_is_what_a_check_takes() {
    let cells = cells(&spec(""), &toolchains(&[22]));
    assert_eq!(cells.len(), 1);
    assert_eq!((cells[0].id.kernel.as_str(), cells[0].id.config.as_str()), ("pocket", "tiny"));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let why = |text: &str| Spec::parse("x", "x.toml", text).unwrap_err().to_string();
    assert!(why("kernel = ['x']").starts_with("x.toml, line 1, column 1: unknown field"));
    assert!(
        why("arches = ['sparc']").starts_with("x.toml, line 1"),
        "{}",
        why("arches = ['sparc']")
    );
    assert!(why("[[exclude]]\ntoolchain = 'new'\nreason = ''").contains("no major version"));
    assert!(why("[[expect]]\noutcome = 'red'\nreason = ''").contains("'red' is no outcome"));
    assert!(why("[[expect]]\nreason = ''").contains("neither an outcome nor a file"));
}

#[test]
fn a_rule_for_no_cell_is_named_with_its_number_and_reason() {
    let why = |rules: &str| {
        let lists = "kernels = ['pocket', '/src/linux']\narches = ['arm64']\n\
                     [[include]]\nkernel = 'old'\nconfig = 'defconfig'\narch = 'riscv'\ntoolchain = '19'\n";
        let spec = Spec::parse("x", "x.toml", &format!("{lists}{rules}")).unwrap();
        spec.every_rule_fits().map_err(|error| error.to_string())
    };
    let exclude = |what: &str| format!("[[exclude]]\n{what}\nreason = 'too old'\n");
    let expect = |what: &str| format!("[[expect]]\n{what}\noutcome = 'differ'\nreason = 'known'\n");
    assert_eq!(
        why(&format!("{}{}", exclude("kernel = '/src/*'"), exclude("kernel = 'poket'")))
            .unwrap_err(),
        "x.toml: [[exclude]] 2 ('too old') is for no cell: no kernel is like 'poket'; there are \
         pocket, /src/linux"
    );
    let config = why(&expect("config = 'def*'\nkernel = 'pocket'")).unwrap_err();
    assert!(config.contains("[[expect]] 1 ('known')"), "{config}");
    assert!(config.contains("no configuration is like 'def*'; there are tiny"), "{config}");
    assert!(
        why(&expect("arch = 'x86_64'")).unwrap_err().contains("like 'x86_64'; there are arm64")
    );
    // What is included is expected of, but not left out.
    assert_eq!(why(&expect("arch = 'riscv'\nkernel = 'old'")), Ok(()));
    assert!(why(&exclude("arch = 'riscv'")).is_err());
    // Another machine may have this toolchain, or be of this architecture.
    assert_eq!(why(&expect("toolchain = '>=90'")), Ok(()));
    let spec = Spec::parse("x", "x.toml", &expect("arch = 'riscv'")).unwrap();
    assert_eq!(spec.every_rule_fits(), Ok(()));
}

#[test]
fn what_is_given_is_in_the_matrix_and_what_is_found_only_if_it_is_named() {
    let mut known = toolchains(&[22, 23, 24]);
    known[0].given = true;
    let names = |text: &str| -> Vec<String> {
        cells(&spec(text), &known).into_iter().map(|cell| cell.id.toolchain).collect()
    };
    assert_eq!(names("toolchains = ['23']"), ["clang 22.1.0", "clang 23.1.0"]);
    // Given and named: no more cells than that.
    assert_eq!(names("toolchains = ['22']"), ["clang 22.1.0"]);
    assert_eq!(names("").len(), 3);
}

#[test]
fn a_word_for_no_toolchain_is_told_and_one_that_is_no_word_is_refused() {
    let known = toolchains(&[22, 23]);
    let unmatched = |words: &str| {
        let text = format!(
            "toolchains = [{words}]\n[[include]]\nkernel = 'pocket'\nconfig = 'tiny'\narch = 'riscv'\n\
             toolchain = '99'\n"
        );
        spec(&text).unmatched(&known).map_err(|error| error.to_string())
    };
    assert_eq!(
        unmatched("'22', '>=24', '>=24', 'clang 21.1.0', '23.1.0'").unwrap(),
        [">=24", "clang 21.1.0", "99"]
    );
    assert_eq!(unmatched("'all'").unwrap(), ["99"]);
    for word in [">22", "22-24", "22.1", "23..19", "clang", ""] {
        let why = unmatched(&format!("'22', '{word}'")).unwrap_err();
        assert!(why.starts_with(&format!("x.toml: toolchain '{word}': ")), "{why}");
        assert!(why.ends_with("one that is there: clang 22.1.0, clang 23.1.0"), "{why}");
    }
}

#[test]
fn the_last_rule_with_an_outcome_says_what_is_expected() {
    let spec = spec(
        "arches = ['arm64', 'riscv']\n\
         [[expect]]\noutcome = 'differ'\nreason = 'first'\n\
         [[expect]]\narch = 'arm64'\noutcome = 'broken'\nreason = 'second'\n\
         [[expect]]\nfile = 'x.toml'\nreason = 'third'\n",
    );
    let cells = cells(&spec, &toolchains(&[22]));
    let wanted: Vec<_> = cells.iter().filter_map(PlannedCell::wanted).collect();
    let told: Vec<_> = wanted.iter().map(|it| (it.outcome.as_str(), it.reason.as_str())).collect();
    assert_eq!(told, [("broken", "second"), ("differ", "first")]);
}

#[test]
fn ten_thousand_cells_are_planned_at_once() {
    let list = |n: u32| (0..n).map(|i| format!("'k{i}'")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "kernels = [{}]\nconfigs = [{}]\narches = ['arm64', 'x86_64', 'riscv', 'loongarch']",
        list(25),
        list(20)
    );
    let start = Instant::now();
    let majors: Vec<u32> = (17..22).collect();
    let planned = cells(&spec(&text), &toolchains(&majors));
    assert_eq!(planned.len(), 10_000);
    let names: Vec<String> = toolchains(&majors).into_iter().map(|t| t.name).collect();
    let ordered = order(planned, |cell| &cell.id.toolchain, &names);
    assert_eq!(ordered.len(), 10_000);
    // A bound that only a mistake of the order of the algorithm would miss.
    assert!(start.elapsed().as_secs() < 20);
}
