//! The assembly that an IR object carries as text.

use super::block::{self, Block, CONSTANTS, Entry, FUNCTION, Shared};
use super::error::BitcodeError;
use super::record::Record;
use super::{Cursor, Stream, unwrapped};
use crate::asm::AsmFiles;

/// Record of a MODULE block.
const ASM: u64 = 4;
/// Records of it that are global values.
const GLOBALS: [u64; 5] = [7, 8, 9, 14, 18];
/// Records of a CONSTANTS block; LLVM 14 and later write the last.
const INLINE_ASM: [u64; 4] = [18, 23, 28, 30];
/// Records of a FUNCTION block that may stand before its instructions.
const DECLARE_BLOCKS: u64 = 1;
const BLOCK_ADDRESS_USERS: u64 = 60;

/// The files that the assembly in an IR object reads when its native object is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assembly {
    /// Those of the module's own assembly (`asm()` outside functions). It is no function's, and so is
    /// imported nowhere (`IRLinker::run`, LLVM 17 to 24).
    pub module: AsmFiles,
    /// Those of `asm` statements. They go wherever their functions are imported.
    pub functions: AsmFiles,
}

/// Reads the assembly of an IR object. Of function bodies only the constants are read, which stand
/// before the instructions.
///
/// # Errors
///
/// As [`read`](super::read).
pub fn assembly(bytes: &[u8]) -> Result<Assembly, BitcodeError> {
    read(bytes, Wanted::All)
}

/// Reads the assembly of the modules themselves, and nothing behind it: a small part of a large object.
///
/// # Errors
///
/// As [`read`](super::read), for what is read.
pub fn module_assembly(bytes: &[u8]) -> Result<AsmFiles, BitcodeError> {
    Ok(read(bytes, Wanted::Modules)?.module)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Modules,
}

fn read(bytes: &[u8], wanted: Wanted) -> Result<Assembly, BitcodeError> {
    let (bitcode, _) = unwrapped(bytes)?;
    let mut bits = Cursor::new(bitcode);
    bits.skip(32).map_err(|fault| BitcodeError::damaged("bitcode", fault))?;
    let mut stream = Stream::new(bits);
    let mut found = Assembly::default();
    while let Some((block, shared)) = stream.next()? {
        if block.id == block::MODULE {
            found.module(block, shared, wanted)?;
        }
    }
    Ok(found)
}

impl Assembly {
    fn module(
        &mut self,
        mut block: Block<'_>,
        shared: &mut Shared,
        wanted: Wanted,
    ) -> Result<(), BitcodeError> {
        let mut record = Record::default();
        // A module has one record, and more than one since LLVM 23; the texts are one after the other.
        let mut text = String::new();
        loop {
            match block.next(shared, &mut record, usize::MAX)? {
                Entry::End => break,
                Entry::Record if record.code == ASM => {
                    text.push_str(&record.text(0));
                    text.push('\n');
                }
                // `writeModuleInfo` has it before the global values (LLVM 17 to 24).
                Entry::Record if wanted == Wanted::Modules && GLOBALS.contains(&record.code) => {
                    break;
                }
                Entry::Record => {}
                Entry::Block(_) if wanted == Wanted::Modules => {}
                Entry::Block(inner) if inner.id == CONSTANTS => self.constants(inner, shared)?,
                Entry::Block(inner) if inner.id == FUNCTION => self.function(inner, shared)?,
                Entry::Block(_) => {}
            }
        }
        self.module.read(&text, false);
        Ok(())
    }

    fn function(&mut self, mut block: Block<'_>, shared: &mut Shared) -> Result<(), BitcodeError> {
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, 0)? {
                Entry::Block(inner) if inner.id == CONSTANTS => self.constants(inner, shared)?,
                Entry::Block(_) => {}
                Entry::Record if [DECLARE_BLOCKS, BLOCK_ADDRESS_USERS].contains(&record.code) => {}
                Entry::Record | Entry::End => return Ok(()),
            }
        }
    }

    fn constants(&mut self, mut block: Block<'_>, shared: &mut Shared) -> Result<(), BitcodeError> {
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, usize::MAX)? {
                Entry::End => return Ok(()),
                Entry::Record if INLINE_ASM.contains(&record.code) => {
                    // [type of the function since 30, flags, size, text …]
                    let at = if record.code == 30 { 2 } else { 1 };
                    let size = record.operand(at).and_then(|size| usize::try_from(size).ok());
                    let size = size.ok_or_else(|| block.damaged("an asm statement"))?;
                    record.operands.truncate((at + 1).saturating_add(size));
                    self.functions.read(&record.text(at + 1), true);
                }
                Entry::Record | Entry::Block(_) => {}
            }
        }
    }
}
