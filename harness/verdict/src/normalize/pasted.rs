//! The macros of the kernel that paste `__COUNTER__` or `__LINE__` into a name.

/// How the number stands in what such a macro makes, behind [`Pasted::mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `<name>_<counter>`, and up to Linux 6.12 `<name><counter>`; a name may be that of another
    /// such macro. Of the older form digits at the end of the name cannot be told from the counter.
    UniqueId,
    /// `<name><line>`: digits at the end of the name cannot be told from the line.
    AtEnd,
    /// The number alone.
    Alone,
    /// `<kind>__<name>__<counter><line>`.
    BtfId,
    /// `<module>__<counter>_<line>_<function><level>`.
    Initcall,
}

/// Names of one kind.
#[derive(Debug)]
pub(super) struct Pasted {
    /// What they begin with.
    pub(super) mark: &'static str,
    pub(super) shape: Shape,
}

impl Pasted {
    /// A mark that another one begins with stands after that.
    pub(super) const ALL: [Self; 9] = [
        Self { mark: "__UNIQUE_ID_", shape: Shape::UniqueId },
        Self { mark: "__BTF_ID__", shape: Shape::BtfId },
        Self { mark: "__initcall__kmod_", shape: Shape::Initcall },
        Self { mark: "__initstub__kmod_", shape: Shape::Initcall },
        Self { mark: "__compiletime_assert_", shape: Shape::Alone },
        Self { mark: "__gendwarfksyms_rule_", shape: Shape::Alone },
        Self { mark: "_note_", shape: Shape::Alone },
        Self { mark: "_object_methods_", shape: Shape::AtEnd },
        Self { mark: "__pci_fixup_", shape: Shape::AtEnd },
    ];
}

/// What becomes of the number that a macro pastes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    /// It is part of a symbol's name that begins with this, and taken out of it.
    Plain(&'static str),
    /// No symbol has it; why.
    NoSymbol(&'static str),
    /// It stays in the symbol's name; why.
    Kept(&'static str),
}

/// A macro that pastes `__COUNTER__` or `__LINE__`.
#[derive(Debug, Clone, Copy)]
pub struct PastingMacro {
    /// Its name.
    pub name: &'static str,
    /// Where it is defined, relative to the tree.
    pub file: &'static str,
    /// The releases of Linux that were searched and have it there.
    pub releases: &'static [&'static str],
    /// What becomes of the number.
    pub becomes: Becomes,
}

const ALL: &[&str] = &["6.1", "6.12", "7.2", "7.3"];
const OLD: &[&str] = &["6.1", "6.12"];
const NEW: &[&str] = &["7.2", "7.3"];

/// Every macro of Linux 6.1, 6.12, 7.2 and 7.3 that does so, outside `tools/`, `samples/` and
/// programs for BPF; `tests/real_names.rs` holds the list against a tree.
pub const PASTING: &[PastingMacro] = &[
    row("__UNIQUE_ID", "include/linux/compiler-clang.h", &["6.1"], Becomes::Plain("__UNIQUE_ID_")),
    row("__UNIQUE_ID", "include/linux/compiler-gcc.h", &["6.1"], Becomes::Plain("__UNIQUE_ID_")),
    row("__UNIQUE_ID", "include/linux/compiler.h", ALL, Becomes::Plain("__UNIQUE_ID_")),
    row("__ID", "include/linux/btf_ids.h", ALL, Becomes::Plain("__BTF_ID__")),
    row("__initcall_id", "include/linux/init.h", ALL, Becomes::Plain("__initcall__kmod_")),
    row(
        "compiletime_assert",
        "include/linux/compiler_types.h",
        ALL,
        Becomes::Plain("__compiletime_assert_"),
    ),
    row(
        "___KABI_RULE",
        "scripts/gendwarfksyms/examples/kabi.h",
        NEW,
        Becomes::Plain("__gendwarfksyms_rule_"),
    ),
    row("ELFNOTE", "include/linux/elfnote.h", OLD, Becomes::Plain("_note_")),
    row(
        "UVERBS_OBJECT_METHODS",
        "include/rdma/uverbs_named_ioctl.h",
        ALL,
        Becomes::Plain("_object_methods_"),
    ),
    row("DECLARE_PCI_FIXUP_SECTION", "include/linux/pci.h", ALL, Becomes::Plain("__pci_fixup_")),
    row("annotate_unreachable", "include/linux/compiler.h", &["6.1"], LABEL),
    row("instrumentation_begin", "include/linux/instrumentation.h", ALL, LABEL),
    row("instrumentation_end", "include/linux/instrumentation.h", ALL, LABEL),
    row("drm_exec_until_all_locked", "include/drm/drm_exec.h", &["6.12"], LABEL),
    row("ASSERT_EXCLUSIVE_WRITER_SCOPED", "include/linux/kcsan-checks.h", ALL, LOCAL),
    row("ASSERT_EXCLUSIVE_ACCESS_SCOPED", "include/linux/kcsan-checks.h", ALL, LOCAL),
    row("__NR_futex", "kernel/trace/rv/monitors/wakeup/wakeup.c", &["7.3"], VALUE),
    row("__NR_futex_time64", "kernel/trace/rv/monitors/wakeup/wakeup.c", &["7.3"], VALUE),
    row("__NR_sched_setscheduler", "kernel/trace/rv/monitors/deadline/deadline.h", NEW, VALUE),
    row("__NR_sched_setattr", "kernel/trace/rv/monitors/deadline/deadline.h", NEW, VALUE),
    row("PAD", "drivers/mailbox/bcm-pdc-mailbox.c", ALL, MEMBER),
    row("PAD_BYTES", "drivers/net/wireless/broadcom/b43/main.h", ALL, MEMBER),
    row("PAD_BYTES", "drivers/net/wireless/broadcom/b43legacy/main.h", ALL, MEMBER),
    row("PAD", "drivers/net/wireless/broadcom/brcm80211/include/defs.h", ALL, MEMBER),
    row("PAD", "sound/aoa/soundbus/i2sbus/interface.h", ALL, MEMBER),
    row("param", "drivers/dma-buf/selftest.c", OLD, PARAMETER),
    row("param", "drivers/gpu/drm/i915/selftests/i915_selftest.c", ALL, PARAMETER),
];

const LABEL: Becomes = Becomes::NoSymbol("a label inside a function");
const LOCAL: Becomes = Becomes::NoSymbol("a local variable on the stack");
const VALUE: Becomes = Becomes::NoSymbol("a value, and no name");
const MEMBER: Becomes =
    Becomes::Kept("a member of a struct, which the layouts tell as a member with another name");
const PARAMETER: Becomes =
    Becomes::Kept("the parameter of a module has this name for users, and sorts by it");

const fn row(
    name: &'static str,
    file: &'static str,
    releases: &'static [&'static str],
    becomes: Becomes,
) -> PastingMacro {
    PastingMacro { name, file, releases, becomes }
}
