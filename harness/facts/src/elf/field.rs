//! Which bits of a section a relocation fills in.
//!
//! Sources: the processor supplements of the System V ABI for x86_64 (version 1.0, table 4.9),
//! AArch64 (aaelf64 2024Q3, "Relocation"), RISC-V (riscv-elf-psabi 1.0, "Relocations", and the
//! instruction formats of the unprivileged ISA) and LoongArch (laelf 2.40).

/// The bits that a relocation of one type fills in, counted from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    bits: Bits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bits {
    /// This many whole bytes.
    Bytes(usize),
    /// Bits of one 16-bit word.
    Half(u16),
    /// Bits of one instruction of 32 bits.
    Word(u32),
    /// Bits of two instructions of 32 bits.
    Pair(u32, u32),
    /// The low six bits of one byte.
    Six,
    /// The low seven bits of each byte of a ULEB128 number.
    Uleb128,
}

const NONE: Bits = Bits::Bytes(0);

impl Field {
    /// The field of a relocation type on this machine, whose instructions are little-endian on all
    /// four; `None` for a type that is not known, of which nothing can be said.
    #[must_use]
    pub const fn of(machine: u16, kind: u32) -> Option<Self> {
        let bits = match machine {
            62 => x86_64(kind),
            183 => aarch64(kind),
            243 => riscv(kind),
            258 => loongarch(kind),
            _ => None,
        };
        match bits {
            Some(bits) => Some(Self { bits }),
            None => None,
        }
    }

    /// Sets the bits of the field to zero; `place` begins where the relocation says, and may be cut
    /// short.
    pub fn clear(self, place: &mut [u8]) {
        for (at, byte) in place.iter_mut().enumerate() {
            let Some(mask) = self.mask(at) else { break };
            let more = *byte & 0x80 != 0;
            *byte &= !mask;
            if self.bits == Bits::Uleb128 && !more {
                break;
            }
        }
    }

    /// How many bytes it lies in at most; units: bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        match self.bits {
            Bits::Bytes(count) => count,
            Bits::Half(_) => 2,
            Bits::Word(_) => 4,
            Bits::Pair(..) => 8,
            Bits::Six => 1,
            Bits::Uleb128 => ULEB128,
        }
    }

    /// Whether it has no bits: the relocation only marks a place (`R_RISCV_RELAX`).
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The bits of the field in the byte at this distance from the place; `None` behind its end.
    const fn mask(self, at: usize) -> Option<u8> {
        if at >= self.len() {
            return None;
        }
        let shift = 8 * (at % 4) as u32;
        Some(match self.bits {
            Bits::Bytes(_) => 0xff,
            Bits::Half(bits) => (bits >> shift) as u8,
            Bits::Word(bits) => (bits >> shift) as u8,
            Bits::Pair(first, _) if at < 4 => (first >> shift) as u8,
            Bits::Pair(_, second) => (second >> shift) as u8,
            Bits::Six => 0x3f,
            // The highest bit says that another byte follows, and stays.
            Bits::Uleb128 => 0x7f,
        })
    }
}

/// The most bytes that a 64-bit number takes as ULEB128.
const ULEB128: usize = 10;

/// `R_X86_64_*`: whole bytes, wherever in an instruction they stand.
const fn x86_64(kind: u32) -> Option<Bits> {
    Some(Bits::Bytes(match kind {
        // NONE, COPY, TLSDESC_CALL.
        0 | 5 | 35 => 0,
        14 | 15 => 1,
        12 | 13 => 2,
        // PC32, GOT32, PLT32, GOTPCREL and its relaxable forms, 32, 32S, GOTPC32, SIZE32, TLS.
        2..=4 | 9..=11 | 19..=23 | 26 | 32 | 34 | 41..=51 => 4,
        // 64, PC64, the 64-bit forms of GOT, PLT, SIZE and TLS, and what only linked files have.
        1 | 6..=8 | 16..=18 | 24 | 25 | 27..=31 | 33 | 37 | 38 => 8,
        36 => 16,
        _ => return None,
    }))
}

/// `R_AARCH64_*`.
const fn aarch64(kind: u32) -> Option<Bits> {
    const IMM26: Bits = Bits::Word(0x03ff_ffff);
    const IMM19: Bits = Bits::Word(0x00ff_ffe0);
    const IMM14: Bits = Bits::Word(0x0007_ffe0);
    const IMM12: Bits = Bits::Word(0x003f_fc00);
    const IMM16: Bits = Bits::Word(0x001f_ffe0);
    /// `immhi` and `immlo` of ADR and ADRP.
    const ADR: Bits = Bits::Word(0x60ff_ffe0);
    /// The linker chooses between MOVN and MOVZ by the sign: bit 30.
    const MOV_NZ: Bits = Bits::Word(0x401f_ffe0);
    Some(match kind {
        // NONE, COPY; TLSDESC_LDR, ADD and CALL mark the instructions of a sequence.
        0 | 256 | 567..=569 | 1024 => NONE,
        259 | 262 => Bits::Bytes(2),
        258 | 261 | 308 | 314 | 315 => Bits::Bytes(4),
        257 | 260 | 307 | 1025..=1030 | 1032 => Bits::Bytes(8),
        1031 => Bits::Bytes(16),
        // AUTH_ABS64: key and discriminator stand in the upper half and stay.
        580 => Bits::Bytes(4),
        282 | 283 => IMM26,
        // LD_PREL_LO19, CONDBR19, GOT_LD_PREL19 and those of TLS.
        273 | 280 | 309 | 522 | 543 | 560 => IMM19,
        279 => IMM14,
        // ADR_PREL_LO21, PG_HI21, ADR_GOT_PAGE and those of TLS.
        274..=276 | 311 | 512 | 513 | 517 | 518 | 541 | 561 | 562 => ADR,
        // ADD_ABS_LO12_NC, LDST8…128 and those of the GOT and of TLS.
        277
        | 278
        | 284..=286
        | 299
        | 310
        | 312
        | 313
        | 514
        | 519
        | 528..=538
        | 542
        | 549..=559
        | 563
        | 564
        | 570..=573 => IMM12,
        // MOVW_SABS_*, the checked MOVW_PREL_*, MOVW_GOTOFF_* and those of TLS.
        270..=272
        | 287
        | 289
        | 291
        | 293
        | 300
        | 302
        | 304
        | 306
        | 515
        | 520
        | 523
        | 524
        | 526
        | 539
        | 544
        | 545
        | 547
        | 565 => MOV_NZ,
        // MOVW_UABS_* and all _NC, which are MOVK.
        263..=269
        | 288
        | 290
        | 292
        | 301
        | 303
        | 305
        | 516
        | 521
        | 525
        | 527
        | 540
        | 546
        | 548
        | 566 => IMM16,
        _ => return None,
    })
}

/// `R_RISCV_*`.
const fn riscv(kind: u32) -> Option<Bits> {
    const U: u32 = 0xffff_f000;
    const I: u32 = 0xfff0_0000;
    /// Types S and B: bits 31 to 25 and 11 to 7.
    const S: u32 = 0xfe00_0f80;
    Some(match kind {
        // NONE, COPY, TPREL_ADD, ALIGN, RELAX, TLSDESC_CALL, VENDOR.
        0 | 4 | 32 | 43 | 51 | 65 | 191 => NONE,
        33 | 37 | 54 => Bits::Bytes(1),
        34 | 38 | 55 => Bits::Bytes(2),
        // 32, TLS_*32, ADD32, SUB32, GOT32_PCREL, SET32, 32_PCREL, PLT32.
        1 | 6 | 8 | 10 | 35 | 39 | 41 | 56 | 57 | 59 => Bits::Bytes(4),
        2 | 3 | 5 | 7 | 9 | 11 | 36 | 40 | 58 => Bits::Bytes(8),
        12 => Bits::Bytes(16),
        // BRANCH, PCREL_LO12_S, LO12_S, TPREL_LO12_S.
        16 | 25 | 28 | 31 => Bits::Word(S),
        // JAL, and the upper 20 bits of an address.
        17 | 20..=23 | 26 | 29 | 62 => Bits::Word(U),
        // CALL and CALL_PLT: AUIPC and JALR.
        18 | 19 => Bits::Pair(U, I),
        24 | 27 | 30 | 63 | 64 => Bits::Word(I),
        // RVC_BRANCH, RVC_JUMP, RVC_LUI.
        44 => Bits::Half(0x1c7c),
        45 => Bits::Half(0x1ffc),
        46 => Bits::Half(0x107c),
        52 | 53 => Bits::Six,
        60 | 61 => Bits::Uleb128,
        _ => return None,
    })
}

/// `R_LARCH_*`.
const fn loongarch(kind: u32) -> Option<Bits> {
    /// 20 bits from bit 5, as in LU12I.W and PCALAU12I.
    const SI20: u32 = 0x01ff_ffe0;
    /// 12 bits from bit 10, as in ADDI.D and LD.D.
    const SI12: u32 = 0x003f_fc00;
    /// 16 bits from bit 10, as in JIRL and BEQ.
    const SI16: u32 = 0x03ff_fc00;
    Some(match kind {
        // NONE, COPY, MARK_*, the stack machine's SOP_* but for its POP_*, GNU_VT*, RELAX, DELETE,
        // ALIGN, CFA, TLS_DESC_LD and CALL, TLS_LE_ADD_R.
        0 | 4 | 20..=37 | 57 | 58 | 100..=102 | 104 | 119 | 120 | 122 => NONE,
        47 | 52 => Bits::Bytes(1),
        48 | 53 => Bits::Bytes(2),
        49 | 54 => Bits::Bytes(3),
        1 | 6 | 8 | 10 | 46 | 50 | 55 | 99 => Bits::Bytes(4),
        2 | 3 | 5 | 7 | 9 | 11 | 12 | 51 | 56 | 109 => Bits::Bytes(8),
        13 => Bits::Bytes(8),
        14 => Bits::Bytes(16),
        38 => Bits::Word(0x0000_7c00),
        39 | 40 => Bits::Word(SI12),
        41 | 42 | 64 => Bits::Word(SI16),
        43 => Bits::Word(SI20),
        44 | 65 => Bits::Word(SI16 | 0x1f),
        45 | 66 => Bits::Word(0x03ff_ffff),

        // ABS_HI20, ABS64_LO20, PCALA_HI20, PCALA64_LO20, and those of the GOT and of TLS.
        67
        | 69
        | 71
        | 73
        | 75
        | 77
        | 79
        | 81
        | 83
        | 85
        | 87
        | 89
        | 91
        | 93
        | 95..=98
        | 103
        | 111
        | 113
        | 115
        | 117
        | 121
        | 124..=126 => Bits::Word(SI20),
        68 | 70 | 72 | 74 | 76 | 78 | 80 | 82 | 84 | 86 | 88 | 90 | 92 | 94 | 112 | 114 | 116
        | 118 | 123 => Bits::Word(SI12),
        105 | 106 => Bits::Six,
        107 | 108 => Bits::Uleb128,
        // CALL36: PCADDU18I and JIRL.
        110 => Bits::Pair(SI20, SI16),
        _ => return None,
    })
}
