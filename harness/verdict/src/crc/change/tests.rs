use super::*;
use twinlto_facts::kbuild::Symtypes;

/// What became of a line of a dump.
fn said(left: &str, right: &str) -> String {
    let (a, b) = (Symtypes::parse(left), Symtypes::parse(right));
    let (name, definition) = a.iter().next().unwrap();
    change(name, definition, b.get(name).unwrap())
}

fn body(left: &str, right: &str) -> String {
    let line = |body: &str| format!("s#x struct x {{ {body} }} ");
    said(&line(left), &line(right))
}

#[test]
fn a_member_is_inserted_removed_renamed_or_moved() {
    let all = "int a ; long b ; char c ;";
    assert_eq!(
        body(all, "int a ; s#y * new ; long b ; char c ;"),
        "member `new` (struct y *) was inserted after `a`"
    );
    assert_eq!(
        body(all, "int new ; int a ; long b ; char c ;"),
        "member `new` (int) was inserted at the beginning"
    );
    assert_eq!(body(all, "int a ; char c ;"), "member `b` (long) was removed");
    assert_eq!(body(all, "int a ; long bb ; char c ;"), "member `b` was renamed to `bb`");
    assert_eq!(
        body(all, "char c ; int a ; long b ;"),
        "member `c` was moved: it stood after `b` and now at the beginning"
    );
}

#[test]
fn a_member_changes_its_type() {
    assert_eq!(
        body("t#u32 a ; int b ;", "t#u64 a ; int b ;"),
        "the type of member `a` changed from u32 to u64"
    );
    assert_eq!(
        body("int a : 1 ; int b [ 2 ] ;", "int a : 2 ; int b [ 3 ] ;"),
        "the type of member `a` changed from int : 1 to int : 2, \
         the type of member `b` changed from int[2] to int[3]"
    );
    assert_eq!(
        body("void ( * f ) ( int ) ;", "void ( * f ) ( long ) ;"),
        "the type of member `f` changed from void (*)(int) to void (*)(long)"
    );
}

#[test]
fn what_is_declared_in_place_is_looked_into() {
    assert_eq!(
        body(
            "union { int a ; long b ; } ; int c ;",
            "union { int a ; int d ; long b ; } ; int c ;"
        ),
        "in the unnamed union of `a`, member `d` (int) was inserted after `a`"
    );
    assert_eq!(
        body("struct { int a ; } s ;", "struct { int a ; char d ; } s ;"),
        "in member `s`, member `d` (char) was inserted after `a`"
    );
    assert_eq!(
        body("int c ;", "int c ; struct { int a ; } s ;"),
        "member `s` (struct) was inserted after `c`"
    );
}

#[test]
fn what_is_not_told_is_counted() {
    let text = body("int a ;", "int a ; int b ; int c ; int d ; int e ; int f ;");
    assert!(text.ends_with("`d` (int) was inserted after `c`, and 2 more changes"), "{text}");
}

#[test]
fn attributes_and_definitions_that_are_not_seen_are_told() {
    assert_eq!(
        said("s#x struct x { int a ; } ", "s#x struct x { int a ; } __attribute__ ( ( packed ) ) "),
        "its attributes changed"
    );
    assert_eq!(
        said("s#x struct x { UNKNOWN } ", "s#x struct x { int a ; } "),
        "genksyms did not see its definition and now does"
    );
}

#[test]
fn enumerators_are_told_with_their_values() {
    assert_eq!(
        said("e#x enum x { A , B , } ", "e#x enum x { A , C = 4 , B , } "),
        "enumerator `C` (= 4) was inserted after `A`"
    );
    assert_eq!(
        said("e#x enum x { A = 1 , B , } ", "e#x enum x { A = 2 , B = 9 , } "),
        "the value of enumerator `A` changed from 1 to 2, \
         the value of enumerator `B` changed from the next one to 9"
    );
    assert_eq!(said("E#MAX ( 1 ) + 2 ", "E#MAX ( 1 ) + 3 "), "it changed from (1) + 2 to (1) + 3");
}

#[test]
fn typedefs_are_told_without_their_names() {
    assert_eq!(said("t#x typedef int x ", "t#x typedef long x "), "it changed from int to long");
    assert_eq!(
        said("t#x typedef struct { int a ; } x ", "t#x typedef struct { int a ; int b ; } x "),
        "member `b` (int) was inserted after `a`"
    );
}

#[test]
fn a_function_changes_its_result_and_its_parameters() {
    let f = "f extern int f ( s#file * , int ) ";
    assert_eq!(
        said(f, "f extern long f ( s#file * , int ) "),
        "the return type changed from int to long"
    );
    assert_eq!(said(f, "f int f ( s#file * , long ) "), "parameter 2 changed from int to long");
    assert_eq!(said(f, "f int f ( s#file * , t#u32 , int ) "), "parameter 2 (u32) was added");
    assert_eq!(said("f int f ( void ) ", "f int f ( int ) "), "parameter 1 (int) was added");
    assert_eq!(said("v extern int v ", "v extern long v "), "it changed from int v to long v");
}

#[test]
fn a_change_behind_the_part_that_is_shown_is_still_a_change() {
    let long = "a ".repeat(100);
    let text = said(&format!("v {long}x "), &format!("v {long}y "));
    assert_eq!(text, "it changed");
}
