//! How functions and variables that other files can see are declared.

use super::DwarfError;
use super::layout::Reader;
use super::roots::{Index, Root};
use super::walk::{Die, Entry};
use foldhash::HashSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The type of one function or variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// As C declares it, without names of parameters: `int take(struct node *, u32, ...)`.
    pub declaration: String,
    /// Whether it is a function.
    pub is_function: bool,
    /// Of a variable its type.
    pub result: TypeName,
    /// Of a function, in their order.
    pub parameters: Vec<TypeName>,
    /// Whether `...` stands behind the parameters.
    pub variadic: bool,
    /// What else its callers must know, sorted: `no prototype`, `never returns`, and a calling
    /// convention that is not the usual one, as DWARF calls it (`DW_CC_LLVM_Win64`).
    pub attributes: BTreeSet<String>,
}

/// What a type is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeName {
    /// As the source writes it.
    pub spelled: Arc<str>,
    /// Without typedefs, and of a parameter without qualifiers of its own: what callers and the
    /// callee must agree on. Base types tell their size or sign where their names leave it open.
    pub plain: Arc<str>,
}

/// Numbers of both texts.
type RawType = (u32, u32);

#[derive(PartialEq, Eq, Hash, Clone)]
pub(super) struct RawSignature {
    is_function: bool,
    result: RawType,
    parameters: Vec<RawType>,
    /// None where only copies of the function would tell it, and the unit has none.
    variadic: Option<bool>,
    unprototyped: bool,
    noreturn: bool,
    convention: Option<gimli::DwCc>,
}

impl<'d> Reader<'_, 'd> {
    /// Reads how a function or variable is declared; the types in it go into the queue.
    pub(super) fn root(&mut self, root: &Root<'d>, index: &Index<'d>) -> Result<(), DwarfError> {
        let walk = self.walk;
        let blame = walk.blame(root.die.0);
        let Some(entry) = walk.entry(root.die).map_err(&blame)? else {
            return Ok(());
        };
        let declared = match entry.completes {
            Some(declared) => walk.entry(declared).map_err(&blame)?,
            None => None,
        };
        let either = |of: fn(&Entry<'d>) -> bool| of(&entry) || declared.as_ref().is_some_and(of);
        let target = entry.target.or_else(|| declared.as_ref()?.target);
        let result = self.name_of(target, 0)?;
        let is_function = root.tag == gimli::DW_TAG_subprogram;
        let mut raw = RawSignature {
            is_function,
            result: (result.text, result.plain),
            parameters: Vec::new(),
            variadic: Some(false),
            unprototyped: false,
            noreturn: false,
            convention: None,
        };
        if is_function {
            let (parameters, variadic) = self.parameter_types(root.die, 0)?;
            raw.parameters = parameters;
            raw.variadic = match variadic || index.variadic.contains(&root.die) {
                true => Some(true),
                false if entry.inline => None,
                false => Some(false),
            };
            raw.unprototyped = !either(|entry| entry.prototyped);
            raw.noreturn = either(|entry| entry.noreturn);
            let convention = entry.convention.or_else(|| declared.as_ref()?.convention);
            // LLVM's word for a function whose parameters it changed, which none can see.
            raw.convention = convention.filter(|it| *it != gimli::DW_CC_nocall);
        }
        let texts = raw.parameters.iter().chain([&raw.result]);
        let length = texts.map(|(text, plain)| self.length(*text) + self.length(*plain)).sum();
        let same = self.signatures.entry(root.name.clone()).or_default();
        if same.insert(raw) {
            self.charge(length)?;
        }
        Ok(())
    }

    /// The parameters of a function or of its type, and whether `...` stands behind them.
    pub(super) fn parameter_types(
        &mut self,
        die: Die,
        depth: u32,
    ) -> Result<(Vec<RawType>, bool), DwarfError> {
        let wanted = |tag| {
            matches!(tag, gimli::DW_TAG_formal_parameter | gimli::DW_TAG_unspecified_parameters)
        };
        let walk = self.walk;
        let (_, children) = walk.family(die, wanted).map_err(walk.blame(die.0))?.unzip();
        let mut types = Vec::new();
        let mut variadic = false;
        for child in children.iter().flatten() {
            if child.tag == gimli::DW_TAG_unspecified_parameters {
                variadic = true;
                continue;
            }
            let named = self.name_of(child.target, depth)?;
            let bare = self.unqualified(child.target)?;
            types.push((named.text, self.name_of(bare, depth)?.plain));
        }
        Ok((types, variadic))
    }

    /// A type without its own `const`, `volatile` and `restrict`.
    fn unqualified(&self, mut die: Option<Die>) -> Result<Option<Die>, DwarfError> {
        let walk = self.walk;
        // C allows each of them once; what has more is damaged.
        for _ in 0..3 {
            let Some(at) = die else { break };
            let Some(entry) = walk.entry(at).map_err(walk.blame(at.0))? else { break };
            let qualifier = matches!(
                entry.tag,
                gimli::DW_TAG_const_type
                    | gimli::DW_TAG_volatile_type
                    | gimli::DW_TAG_restrict_type
            );
            if !qualifier {
                break;
            }
            die = entry.target;
        }
        Ok(die)
    }

    /// The signatures of one name.
    pub(super) fn declared_as(
        &self,
        name: &str,
        all: &HashSet<RawSignature>,
    ) -> BTreeSet<Signature> {
        let told = all.iter().filter(|raw| {
            let known = |variadic| all.contains(&RawSignature { variadic, ..(*raw).clone() });
            raw.variadic.is_some() || !(known(Some(true)) || known(Some(false)))
        });
        told.map(|raw| self.signature(name, raw)).collect()
    }

    fn signature(&self, name: &str, raw: &RawSignature) -> Signature {
        let type_name = |(text, plain): &RawType| TypeName {
            spelled: self.shown(*text).into(),
            plain: self.shown(*plain).into(),
        };
        let parameters: Vec<TypeName> = raw.parameters.iter().map(type_name).collect();
        let variadic = raw.variadic.unwrap_or(false);
        let mut attributes = BTreeSet::new();
        if raw.unprototyped && raw.is_function {
            attributes.insert("no prototype".to_owned());
        }
        if raw.noreturn {
            attributes.insert("never returns".to_owned());
        }
        attributes.extend(raw.convention.map(|convention| convention.to_string()));
        let (before, after) = self.halves(raw.result.0);
        let gap = if before.ends_with('*') { "" } else { " " };
        let list = if raw.is_function {
            let types = parameters.iter().map(|it| &*it.spelled).chain(variadic.then_some("..."));
            match types.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() && raw.unprototyped => "()".to_owned(),
                none if none.is_empty() => "(void)".to_owned(),
                list => format!("({list})"),
            }
        } else {
            String::new()
        };
        Signature {
            declaration: format!("{before}{gap}{name}{list}{after}"),
            is_function: raw.is_function,
            result: type_name(&raw.result),
            parameters,
            variadic,
            attributes,
        }
    }
}
